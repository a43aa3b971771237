// Amazon Connect Streams in this page: its scripts, the CCP's frame, and the
// softphone, which runs here and not in that frame.

/** Loads Streams and the softphone library behind it, in this order. */
export async function loadStreams({ streamsUrl, softphoneUrl }) {
  await loadScript(streamsUrl);
  await loadScript(softphoneUrl);
  return window.connect;
}

/**
 * Embeds the CCP and takes over its calls' audio.
 *
 * @param {object} connect `window.connect`
 * @param {HTMLElement} container
 * @param {object} instance of the configuration
 * @param {() => void} silent called when the CCP does not answer
 */
export function embedCcp(connect, container, { ccpUrl, region, phoneUrl }, silent) {
  const local = phoneUrl !== null;
  connect.core.initCCP(container, {
    ccpUrl,
    ...(region && { region }),
    iframeTitle: "Contact Control Panel",
    // The stand-in's agent is always logged in, and rings by what it shows.
    loginPopup: !local,
    loginPopupAutoClose: true,
    softphone: { allowFramedSoftphone: false, disableRingtone: local },
  });
  connect.core.getEventBus().subscribe(connect.EventType.ACK_TIMEOUT, silent);
  // The name means the CCP's own page: this one is outside of it.
  connect.core.initSoftphoneManager({ allowFramedSoftphone: true });
}

function loadScript(src) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = src;
    script.addEventListener("load", resolve, { once: true });
    script.addEventListener("error", () => reject(new ScriptError(src)), { once: true });
    document.head.append(script);
  });
}

/** A script of the softphone is not where it should be. */
export class ScriptError extends Error {
  name = "ScriptError";
  constructor(url) {
    super(`${url} cannot be loaded.`);
  }
}
