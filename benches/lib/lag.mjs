// How far a client's streams run behind: the service works at real time, so
// audio that came in a burst (from before the socket was open) stays a lag.

/**
 * @param streams `GET /control/state` → `streams`
 * @returns {{language: string, aheadMs: number, messageMs: number}[]} per stream,
 *   audio received beyond the time in which it came, and in messages how long
 */
export function lags(streams) {
  return (streams ?? [])
    .filter((s) => s.firstAudioAtMs != null && s.lastAudioAtMs != null && s.audioEvents > 0)
    .map((s) => {
      const audioMs = (1000 * s.samplesReceived) / s.sampleRate;
      const messageMs = audioMs / s.audioEvents;
      return { language: s.language, aheadMs: audioMs - messageMs - (s.lastAudioAtMs - s.firstAudioAtMs), messageMs };
    });
}
