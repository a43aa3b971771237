// The real connect-rtc-js, unmodified, against the stand-in: what the project's
// own session class does there, the library that it stands for does as well.
// CONNECT_RTC_JS names the file; it is not part of the repository.

import {
  LOUD, SILENT, agentSide, agentSpeaks, customerSide, endCall, happened, hearEachOther, log, openDesk, someSound,
  speak, takeCall, test, until,
} from "./desk.js";
import { RTC_JS, expect } from "./support.js";

test.skip(!RTC_JS, "no connect-rtc-js: CONNECT_RTC_JS does not name one");

const legs = async (services) => (await services.instance("state")).legs;

for (const version of ["V2", "V1"]) {
  for (const persistentConnection of [false, true]) {
    test.describe(`connect-rtc-js ${version}, persistent connection ${persistentConnection}`, () => {
      test.use({ rtcJs: version });
      const open = async (page, services) => {
        await services.instance("configuration", "PUT", { persistentConnection });
        return openDesk(page, services, `?rtc-js=${version}`);
      };

      test("two calls in a row, and silence between them", async ({ page, openPhone, services }) => {
        const desk = await open(page, services);
        const phone = await openPhone();
        await speak(desk, phone);
        await takeCall(desk, phone);
        await hearEachOther(desk, phone);
        const [first] = await legs(services);
        expect(Boolean(first.peerConnectionId)).toBe(persistentConnection);
        await endCall(desk, phone);
        await someSound(phone);
        expect(await agentSide(phone, "wire")()).toBeLessThan(SILENT);
        if (!persistentConnection) await expect.poll(() => legs(services)).toEqual([]);
        await phone.getByRole("button", { name: "Call" }).click();
        await happened(desk, "contact Connecting", 2);
        await desk.evaluate(() => window.desk.accept());
        await happened(desk, "contact Connected", 2);
        await until(phone, "connected");
        await hearEachOther(desk, phone);
        const [second, ...others] = await legs(services);
        expect(others).toEqual([]);
        expect(second.peerConnectionId === first.peerConnectionId).toBe(true);
        expect((await log(desk)).filter(({ event }) => event === "softphone error")).toEqual([]);
      });

      test("mute, hold, another microphone and the service's bye", async ({ page, openPhone, services }) => {
        const desk = await open(page, services);
        const phone = await openPhone();
        await speak(desk, phone);
        await takeCall(desk, phone);
        await hearEachOther(desk, phone);
        await desk.evaluate(() => window.desk.agent().mute());
        await expect.poll(agentSide(phone, "wire")).toBeLessThan(SILENT);
        await desk.evaluate(() => window.desk.agent().unmute());
        await expect.poll(agentSide(phone)).toBeGreaterThan(LOUD);
        await desk.evaluate(() => window.desk.hold());
        await until(phone, "hold");
        await expect.poll(customerSide(desk)).toBeLessThan(SILENT);
        await desk.evaluate(() => window.desk.resume());
        await hearEachOther(desk, phone);
        await desk.evaluate(() => window.desk.agent().setMicrophoneDevice("mic-2"));
        await happened(desk, "microphone");
        await expect.poll(agentSide(phone)).toBeLessThan(SILENT);
        await desk.evaluate(() => window.desk.agent().setMicrophoneDevice("mic-1"));
        await expect.poll(agentSide(phone)).toBeGreaterThan(LOUD);
        await services.instance("contacts/last/bye", "POST");
        await happened(desk, "contact Ended");
        await expect.poll(() => legs(services)).toEqual([]);
      });

      test("a reload in the middle", async ({ page, openPhone, services }) => {
        const desk = await open(page, services);
        const phone = await openPhone();
        await speak(desk, phone);
        await takeCall(desk, phone);
        await hearEachOther(desk, phone);
        await open(page, services);
        await agentSpeaks(desk);
        await happened(desk, "contact Connected");
        await hearEachOther(desk, phone);
        await endCall(desk, phone);
      });

      test("outbound", async ({ page, openPhone, services }) => {
        const desk = await open(page, services);
        const phone = await openPhone();
        await speak(desk, phone);
        await desk.evaluate(() => window.desk.dial("customer"));
        await until(phone, "ringing");
        await phone.getByRole("button", { name: "Answer" }).click();
        await hearEachOther(desk, phone);
        await endCall(desk, phone);
      });
    });
  }
}

test.describe("connect-rtc-js V2", () => {
  test.use({ rtcJs: "V2" });

  test("an ICE restart", async ({ page, openPhone, services }) => {
    await services.instance("configuration", "PUT", { persistentConnection: true });
    const desk = await openDesk(page, services, "?rtc-js=V2");
    const phone = await openPhone();
    await speak(desk, phone);
    await takeCall(desk, phone);
    await hearEachOther(desk, phone);
    const ufrag = () => desk.evaluate(() => {
      const manager = window.connect.core.getSoftphoneManager().rtcPeerConnectionManager;
      return /ice-ufrag:(.*)/.exec(manager.getPeerConnection().currentRemoteDescription.sdp)[1].trim();
    });
    const before = await ufrag();
    await services.instance("contacts/last/stale", "POST");
    await expect.poll(ufrag).not.toBe(before);
    await someSound(phone);
    await hearEachOther(desk, phone);
  });
});
