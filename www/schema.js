// Checks a value against the part of JSON Schema that config.schema.json uses,
// so that the schema which editors show is also the one that is enforced.

/**
 * The first thing that is wrong, or null.
 *
 * @param {unknown} value
 * @param {object} schema
 * @param {object} [root] the schema that `$ref` starts from
 * @param {string} [path] the field's path so far
 * @returns {{ field: string, message: string } | null}
 */
export function firstFault(value, schema, root = schema, path = "") {
  const fault = (message, field = path) => ({ field, message });
  if (schema.$ref) {
    return firstFault(value, resolve(schema.$ref, root), root, path);
  }
  if (schema.anyOf) {
    const faults = schema.anyOf.map((choice) => firstFault(value, choice, root, path));
    if (faults.includes(null)) return null;
    // A fault inside the value says more than one about the whole of it.
    return faults.find(({ field }) => field !== path)
      ?? fault(`expected ${schema.anyOf.map((choice) => expected(choice, root)).join(" or ")}`);
  }
  if (schema.enum && !schema.enum.includes(value)) return fault(`expected ${expected(schema, root)}`);
  if (schema.type && typeOf(value) !== schema.type) return fault(`expected ${expected(schema, root)}`);
  if (schema.pattern && !new RegExp(schema.pattern, "u").test(value)) {
    return fault(`does not have the form ${schema.pattern}`);
  }
  if (value < schema.minimum || value > schema.maximum) {
    return fault(`expected ${schema.minimum} to ${schema.maximum}`);
  }
  if (schema.type === "array") {
    if (value.length > schema.maxItems) return fault(`expected at most ${schema.maxItems}`);
    return first(value.map((item, i) => firstFault(item, schema.items, root, `${path}[${i}]`)));
  }
  if (schema.type === "object") {
    const below = (name) => (path ? `${path}.${name}` : name);
    const missing = schema.required?.find((name) => !(name in value));
    if (missing) return fault("is missing", below(missing));
    return first(Object.entries(value).map(([name, item]) => {
      const known = Object.hasOwn(schema.properties, name);
      return known
        ? firstFault(item, schema.properties[name], root, below(name))
        : fault("is not a key of this configuration", below(name));
    }));
  }
  return null;
}

function resolve(ref, root) {
  return ref.replace(/^#\//, "").split("/").reduce((node, key) => node[key], root);
}

function typeOf(value) {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function expected(schema, root) {
  if (schema.$ref) return expected(resolve(schema.$ref, root), root);
  if (schema.enum) return schema.enum.map((item) => JSON.stringify(item)).join(", ");
  return schema.type === "object" || schema.type === "array" ? `an ${schema.type}` : `a ${schema.type}`;
}

function first(faults) {
  return faults.find((fault) => fault !== null) ?? null;
}
