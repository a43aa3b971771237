#!/usr/bin/env python3
"""Records the demo's lines and the speech of their translations.

Reads dialogue.json beside this file and writes
  www/lines/*.wav and lines.json       what the people say, with word times
  local-aws/voices/{joanna,lupe}/*.wav  the translations, whole, by clause and,
                                       of a clause that is cut, by piece
  local-aws/voices/voices.json         which text each recording speaks
  local-aws/phrasebook.json            the translations as text

Run by hand after dialogue.json changes: python3 local-aws/voices/record.py
Needs Debian's espeak-ng, libespeak-ng1, flite and sox. The output is
deterministic for a given version of those.
"""

import array
import ctypes
import json
import math
import re
import subprocess
import tempfile
import wave
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RATE = 16_000
LANGUAGE = {"agent": "en-US", "customer": "es-US"}
# Four people that nobody confuses: the agent and the customer are men, the
# voices of the translations women.
PEOPLE = {"agent": ("flite", "rms", None), "customer": ("espeak", "es-419+m3", 152)}
VOICES = {"en-US": ("Joanna", "flite", "slt", None), "es-US": ("Lupe", "espeak", "es-419+f4", 165)}
# A longer pause at a comma would be an end of speech to a recogniser.
LONGEST_PAUSE = 0.22
LEVEL = 10 ** (-20 / 20)


class Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event)
)


class Espeak:
    """libespeak-ng with its word events."""

    def __init__(self):
        self.lib = ctypes.CDLL("libespeak-ng.so.1")
        self.rate = self.lib.espeak_Initialize(2, 200, None, 0)  # synchronous
        self.callback = CALLBACK(self._chunk)
        self.lib.espeak_SetSynthCallback(self.callback)

    def _chunk(self, samples, count, events):
        if samples and count > 0:
            self.samples.extend(samples[:count])
        i = 0
        while events[i].type != 0:
            if events[i].type == 1 and events[i].text_position > 0:  # "¿" makes one at 0
                self.words.append((events[i].text_position - 1, events[i].audio_position / 1000))
            i += 1
        return 0

    def speak(self, voice, speed, text):
        """(16 kHz samples, [start of each word in seconds])"""
        self.samples, self.words = array.array("h"), []
        assert self.lib.espeak_SetVoiceByName(voice.encode()) == 0, voice
        self.lib.espeak_SetParameter(1, speed, 0)
        self.lib.espeak_SetParameter(2, 70, 0)  # volume: no clipping
        data = text.encode() + b"\0"
        assert self.lib.espeak_Synth(data, len(data), 0, 1, 0, 1, None, None) == 0
        starts = [time for _, time in self.words]
        assert len(starts) == len(text.split()), (text, self.words)
        return to_16k(self.samples, self.rate), starts


def flite(voice, text):
    """(16 kHz samples, [start of each word in seconds])"""

    def run(*arguments):
        return subprocess.run(
            ["flite", "-voice", voice, *arguments], check=True, capture_output=True, text=True
        ).stdout.split()

    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "out.wav")
        phones = [p.split(":") for p in run("-psdur", "-t", text, "-o", out)]
        samples = read(out)
    # flite prints phones without word boundaries; each word has as many of
    # them in the sentence as alone.
    begin, starts = 0.0, []
    spoken = []
    for name, end in phones:
        if name != "pau":
            spoken.append((begin, float(end)))
        begin = float(end)
    at = 0
    for word in text.split():
        starts.append(spoken[at][0])
        at += sum(p != "pau" for p in run("-ps", "-t", word.strip("?.,"), "none"))
    assert at == len(spoken), (text, at, len(spoken))
    return samples, starts


def to_16k(samples, rate):
    with tempfile.TemporaryDirectory() as folder:
        source, out = f"{folder}/in.wav", f"{folder}/out.wav"
        write(source, samples, rate)
        subprocess.run(["sox", "-D", source, out, "rate", "-v", str(RATE)], check=True)
        return read(out)


def read(path):
    with wave.open(str(path)) as file:
        assert file.getframerate() == RATE and file.getnchannels() == 1
        return array.array("h", file.readframes(file.getnframes()))


def write(path, samples, rate=RATE):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(array.array("h", samples).tobytes())


def loud(samples):
    """For each 5 ms whether there is sound (above -45 dB of the loudest)."""
    step = RATE // 200
    rms = [
        math.sqrt(sum(s * s for s in samples[i : i + step]) / step)
        for i in range(0, len(samples) - step + 1, step)
    ]
    threshold = max(rms) * 10 ** (-45 / 20)
    return [r > threshold for r in rms]


def finish(samples, starts):
    """Trims, shortens pauses, sets the level: (samples, [(start, end)])"""
    step = RATE // 200
    sound = loud(samples)
    # flite's noise before the first word is no speech.
    spoken = max(round((starts[0] - 0.03) * 200), 0)
    first, last = sound.index(True, spoken), len(sound) - sound[::-1].index(True)
    keep, pauses, i = [], [], first
    while i < last:
        j = i
        while j < last and sound[j] == sound[i]:
            j += 1
        limit = round(LONGEST_PAUSE * 200)
        if not sound[i] and j - i > limit:
            keep += list(range(i, i + limit // 2)) + list(range(j - (limit - limit // 2), j))
        else:
            keep += range(i, j)
        if not sound[i] and j - i > 10:
            pauses.append((i, j))
        i = j
    place = {block: index for index, block in enumerate(keep)}
    out = array.array("h")
    for block in keep:
        out.extend(samples[block * step : (block + 1) * step])

    def moved(seconds):
        block = min(max(round(seconds * 200), first), last - 1)
        while block not in place:
            block += 1
        return place[block] / 200

    words = []
    for index, start in enumerate(starts):
        end = starts[index + 1] if index + 1 < len(starts) else last / 200
        for a, b in pauses:  # a word before a pause ends where the pause begins
            if abs(b / 200 - end) < 0.06 and a / 200 > start:
                end = a / 200
        words.append((round(moved(start), 3), round(moved(end), 3)))
    rms = math.sqrt(sum(s * s for s in out) / len(out))
    gain = min(LEVEL * 32768 / rms, 32000 / max(abs(s) for s in out))
    out = array.array("h", (round(s * gain) for s in out))
    fade = RATE // 200
    for i in range(fade):
        out[i] = out[i] * i // fade
        out[-1 - i] = out[-1 - i] * i // fade
    return out, words


ESPEAK = Espeak()


def record(engine, voice, speed, text):
    if engine == "flite":
        return finish(*flite(voice, text))
    return finish(*ESPEAK.speak(voice, speed, text))


def sentence(text):
    return text[0].upper() + text[1:] if text[0] not in "¿¡" else text[0] + sentence(text[1:])


def speak(line, index, text, language, name, how):
    """Writes one recording and gives its entry of voices.json."""
    file = f"{name.lower()}/{line['id']}{f'-{index}' if index else ''}.wav"
    samples, _ = record(*how, sentence(text))
    write(HERE / file, samples)
    print(f"{file}: {len(samples) / RATE:.2f} s")
    return {"voice": name, "language": language, "text": text, "file": file}


def main():
    dialogue = json.loads((HERE / "dialogue.json").read_text())
    lines, voices, book = [], [], []
    for folder in ("joanna", "lupe"):
        (HERE / folder).mkdir(exist_ok=True)
    (ROOT / "www/lines").mkdir(parents=True, exist_ok=True)
    for line in dialogue["lines"]:
        language = LANGUAGE[line["speaker"]]
        other = "es-US" if language == "en-US" else "en-US"
        said = [clause[0] for clause in line["clauses"]]
        meant = [clause[1] for clause in line["clauses"]]
        text = ", ".join(said)
        samples, times = record(*PEOPLE[line["speaker"]], text)
        write(ROOT / "www/lines" / f"{line['id']}.wav", samples)
        words = []
        for word, (start, end) in zip(text.split(), times):
            bare, mark = re.fullmatch(r"[¿¡]?(.*?)([.,?!]?)", word).groups()
            words.append({"text": bare, "punctuation": mark or None, "start": start, "end": end})
        lines.append(
            {
                "id": line["id"],
                "speaker": line["speaker"],
                "language": language,
                "text": text,
                "translation": ", ".join(meant),
                "file": f"{line['id']}.wav",
                "words": words,
            }
        )
        book.append({language: text, other: ", ".join(meant)})
        if len(said) > 1:
            book += [{language: s, other: m} for s, m in zip(said, meant)]
        name, *how = VOICES[other]
        parts = [", ".join(meant)] + (meant if len(meant) > 1 else [])
        for index, part in enumerate(parts):
            voices.append(speak(line, index, part, other, name, how))
        print(f"{line['id']}: {times[-1][1]:.2f} s {text}")
    # Last, because what eSpeak has said changes a little what it says next.
    for line in dialogue["lines"]:
        language = LANGUAGE[line["speaker"]]
        other = "es-US" if language == "en-US" else "en-US"
        name, *how = VOICES[other]
        for index, (said, meant) in enumerate(line.get("pieces", []), 1):
            book.append({language: said, other: meant})
            voices.append(speak(line, index, meant, other, name, how))
    dump(ROOT / "www/lines/lines.json", {"lines": lines})
    dump(HERE / "voices.json", {"recordings": voices})
    dump(HERE.parent / "phrasebook.json", {"entries": book})


def dump(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
