// Who is logged in, as the page shows it: nothing but a button before, the name
// and the way out afterwards.

const $ = (selector) => document.querySelector(selector);

export class LoginView extends EventTarget {
  #login;
  #calling = false;

  /** @param {import("./login.js").Login} login */
  constructor(login) {
    super();
    this.#login = login;
    login.addEventListener("change", () => this.#show());
    const begin = () => login.begin().catch((error) => this.dispatchEvent(new CustomEvent("problem", { detail: error })));
    $("#log-in").addEventListener("click", begin);
    $("#log-in-again").addEventListener("click", begin);
    $("#log-out").addEventListener("click", () => login.logOut());
    this.#show();
  }

  /** Nobody leaves the page in a call: it would end. */
  set calling(calling) {
    if (calling === this.#calling) return;
    this.#calling = calling;
    this.#show();
  }

  #show() {
    const { name, failing } = this.#login;
    document.body.classList.toggle("logged-out", name === null);
    $("#login").hidden = name !== null;
    $("#who").hidden = name === null;
    $("#who-name").textContent = name ?? "";
    $("#log-in-again").hidden = !failing;
    for (const button of document.querySelectorAll("#who button")) button.disabled = this.#calling;
    $("#who-why").textContent = this.#calling ? "After this call" : "";
  }
}
