// [data-secret-rules] in the help of a password field: each rule is checked as one types and marked met or unmet, and a
// status line says so when the typing pauses. It mirrors accounts/validators.py as far as a page can; the server is the judge.
// The person's own words come from data-secret-words of the form, or from the name and address typed beside the secret.

const SAID_AFTER = 700;
const SHORTEST_WORD = 3;
const SHORTEST_RUN = 4;
const ROWS = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop"];
const REPETITION = /(.{2,64})\1+|(.)\2{2,}/gsu;
const EDGE = /^[^\p{L}]+|[^\p{L}]+$/gu;

const backwards = (text) => [...text].reverse().join("");
const inRow = (text) => ROWS.some((row) => row.includes(text) || row.includes(backwards(text)));

function isRun(characters) {
  const codes = characters.map((character) => character.codePointAt(0));
  const steps = new Set(codes.slice(1).map((code, at) => code - codes[at]));
  return (steps.size === 1 && (steps.has(1) || steps.has(-1))) || inRow(characters.join(""));
}

function runLength(characters, start) {
  let end = start + 1;
  while (end < characters.length && isRun(characters.slice(start, end + 1))) end += 1;
  return end - start;
}

function withoutRuns(text) {
  const characters = [...text];
  let kept = "";
  for (let at = 0; at < characters.length; ) {
    const length = runLength(characters, at);
    kept += characters[at];
    at += length >= SHORTEST_RUN ? length : 1;
  }
  return kept;
}

function withoutRepetition(text) {
  const shrunk = withoutRuns(text).replace(REPETITION, (_, many, one) => many ?? one);
  return shrunk === text ? text : withoutRepetition(shrunk);
}

function wordsOf(texts) {
  const whole = texts.map((text) => text.normalize("NFKC").toLowerCase());
  const parts = whole.flatMap((text) => text.split(/[^\p{L}\p{N}]+/u));
  return [...new Set([...whole, ...parts])].filter((word) => [...word].length >= SHORTEST_WORD);
}

function isMostly(words, folded, own) {
  const rest = [...words].sort((one, other) => other.length - one.length).reduce((text, word) => text.replaceAll(word, ""), folded);
  return rest !== folded && [...withoutRepetition(rest).replace(EDGE, "")].length < own;
}

export function check(secret, { minimum, own, words }) {
  const folded = secret.normalize("NFKC").trim().toLowerCase();
  return {
    length: [...folded].length >= minimum,
    variety: [...withoutRepetition(folded)].length >= own,
    words: !isMostly(wordsOf(words), folded, own),
  };
}

function personsWords(input) {
  const fixed = input.form.dataset.secretWords;
  if (fixed) return fixed.split("|");
  const prefix = input.name.replace(/one_time_password$/, "");
  const beside = ["first_name", "last_name", "email"].map((name) => input.form.elements[prefix + name]?.value ?? "");
  return beside;
}

function mark(box, input) {
  const words = [...box.dataset.words.split("|"), ...personsWords(input)];
  const met = check(input.value, { minimum: Number(box.dataset.minimum), own: Number(box.dataset.own), words });
  const rules = [...box.querySelectorAll("[data-rule]")];
  for (const rule of rules) rule.dataset.met = input.value ? String(met[rule.dataset.rule]) : "";
  const unmet = rules.filter((rule) => !met[rule.dataset.rule]).map((rule) => rule.textContent.trim());
  return unmet.length ? `${box.dataset.missing} ${unmet.join(" ")}` : box.dataset.good;
}

function bind(box) {
  const input = box.closest(".field")?.querySelector("input[type=password]");
  if (!input?.form) return;
  const status = document.createElement("p");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  box.closest(".field").append(status);
  let pause;
  const update = () => {
    const verdict = mark(box, input);
    clearTimeout(pause);
    pause = setTimeout(() => { status.textContent = input.value ? verdict : ""; }, SAID_AFTER);
  };
  // The whole form: the name beside the secret is part of the rule.
  input.form.addEventListener("input", update);
}

if (typeof document !== "undefined") document.querySelectorAll("[data-secret-rules]").forEach(bind);
