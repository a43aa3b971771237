// What contact attributes change by default.

import assert from "node:assert/strict";
import { test } from "node:test";
import { settingsFromAttributes } from "../src/web/attributes.js";

const settings = () => ({
  region: "us-east-1",
  agent: { language: "en-US", voice: "Lupe" },
  customer: { language: "es-US", voice: "Joanna" },
});

test("no attribute changes nothing, and the host's object is left alone", () => {
  const given = settings();
  assert.deepEqual(settingsFromAttributes(given, { unknown: "x" }), settings());
  settingsFromAttributes(given, { languageCode: "fr-FR", customerVoice: "Lea" });
  assert.deepEqual(given, settings());
});

test("another language is the customer's, and needs another voice", () => {
  const { agent, customer } = settingsFromAttributes(settings(), { languageCode: "fr-FR" });
  assert.deepEqual(agent, { language: "en-US" });
  assert.deepEqual(customer, { language: "fr-FR", voice: "Joanna" });
  const same = settingsFromAttributes(settings(), { languageCode: "es-US" });
  assert.deepEqual(same, settings());
});

test("the customer's voice is the one that the customer hears", () => {
  const named = settingsFromAttributes(settings(), { languageCode: "fr-FR", customerVoice: "Lea" });
  assert.equal(named.agent.voice, "Lea");
  assert.equal(named.customer.voice, "Joanna");
});

for (const [attributes, output] of [
  [{ interpret: "true" }, "speech"],
  [{ interpret: "false" }, null],
  [{ interpret: "FALSE ", transcribeCall: "true" }, "transcript"],
  [{ interpret: "false", transcribeCall: "false" }, null],
  [{ transcribeCall: "true" }, "speech"],
  [{ transcribeCall: "false" }, null],
  [{ interpret: "true", transcribeCall: "false" }, null],
  [{ interpret: "maybe" }, "speech"],
]) {
  test(`${JSON.stringify(attributes)} gives ${output ?? "an ordinary call"}`, () => {
    const found = settingsFromAttributes(settings(), attributes);
    assert.equal(found && (found.agent.output ?? "speech"), output);
    assert.equal(found && (found.customer.output ?? "speech"), output);
  });
}
