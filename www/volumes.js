// A slider for each route of sound.

const GROUPS = [
  ["Agent hears", [
    ["customer-original-to-agent", "Customer’s own voice", 0.3, 1],
    ["customer-translation-to-agent", "Translation of the customer", 1, 1],
    ["agent-translation-to-agent", "Own translation", 0.1, 1],
    ["comfort-noise-to-agent", "Comfort noise", 0.005, 0.1],
  ]],
  ["Customer hears", [
    ["agent-original-to-customer", "Agent’s own voice", 0.1, 1],
    ["agent-translation-to-customer", "Translation of the agent", 1, 1],
    ["customer-translation-to-customer", "Own translation", 0.1, 1],
    ["comfort-noise-to-customer", "Comfort noise", 0.005, 0.1],
  ]],
];

/**
 * Fills the panel.
 *
 * @param {HTMLElement} parent
 * @param {Record<string, number>} start volumes that are not the defaults
 * @param {(route: string, value: number) => void} changed
 * @returns {Record<string, number>} every route's volume, kept up to date
 */
export function buildVolumes(parent, start, changed) {
  const volumes = {};
  for (const [title, routes] of GROUPS) {
    const group = document.createElement("fieldset");
    const legend = document.createElement("legend");
    legend.textContent = title;
    group.append(legend);
    for (const [route, name, usual, most] of routes) {
      volumes[route] = start[route] ?? usual;
      group.append(slider(route, `${title}: ${name}`, name, volumes[route], Math.max(most, volumes[route]), (value) => {
        volumes[route] = value;
        changed(route, value);
      }));
    }
    parent.append(group);
  }
  return volumes;
}

function slider(route, fullName, name, value, most, changed) {
  const label = document.createElement("label");
  label.className = "slider";
  const text = document.createElement("span");
  text.textContent = name;
  const input = document.createElement("input");
  Object.assign(input, { type: "range", min: "0", max: String(most), step: String(most / 200) });
  input.value = String(value);
  input.dataset.route = route;
  input.setAttribute("aria-label", fullName);
  const output = document.createElement("span");
  output.className = "value";
  output.ariaHidden = "true";
  const show = () => {
    const percent = Number(input.value) * 100;
    output.textContent = `${most < 1 ? percent.toFixed(1) : percent.toFixed(0)} %`;
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    show();
    changed(Number(input.value));
  });
  show();
  label.append(text, output, input);
  return label;
}
