// form[data-address-rules="url"]: its regions, and which fields of the address are required, follow the chosen country.

const form = document.querySelector("form[data-address-rules]");
const country = form?.elements.country;
const offered = form?.querySelector("[data-address-regions]");

function mark(name, required) {
  const label = form.querySelector(`label[for="${form.elements[name].id}"]`);
  const star = label.querySelector(".field-star");
  if (required === Boolean(star)) return;
  if (required) {
    const example = form.querySelector(`label[for="${country.id}"] .field-star`);
    label.append(example.cloneNode(true), example.nextElementSibling.cloneNode(true));
  } else {
    star.nextElementSibling.remove();
    star.remove();
  }
}

async function follow() {
  const chosen = country.value;
  const answer = await fetch(`${form.dataset.addressRules}?country=${encodeURIComponent(chosen)}`).catch(() => null);
  if (!answer?.ok || country.value !== chosen) return;
  const rules = await answer.json();
  offered.replaceChildren(...rules.regions.map((name) => new Option(name, name)));
  for (const [name, required] of Object.entries(rules.required)) mark(name, required);
}

country?.addEventListener("change", follow);
