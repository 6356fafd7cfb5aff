// Files out of pickers and drops, folders included: each with the path of the folders above it.

/** The files of an <input type="file">, which is emptied so that the same choice can be made again. */
export function fromInput(input) {
  const picked = [...input.files].map((file) => ({ file, path: folderOf(file.webkitRelativePath) }));
  input.value = "";
  return picked;
}

/** The files of a drop. Its items have to be taken in the turn of the event; what is in folders is read after. */
export function fromDrop(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return Promise.resolve([...transfer.files].map((file) => ({ file, path: "" })));
  return Promise.all(entries.map(walk)).then((found) => found.flat());
}

async function walk(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject)).catch(() => null);
    return file ? [{ file, path: folderOf(entry.fullPath.slice(1)) }] : [];
  }
  const found = [];
  for (const child of await childrenOf(entry)) found.push(...(await walk(child)));
  return found;
}

async function childrenOf(folder) {
  const reader = folder.createReader();
  const children = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)).catch(() => []);
    if (!some.length) return children;
    children.push(...some);
  }
}

function folderOf(path) {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}
