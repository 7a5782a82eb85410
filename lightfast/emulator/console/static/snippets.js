// The search on the screen, as code to copy.

const shell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
// JSON's strings and lists of strings are Python's, too.
const python = (value) => spaced(JSON.stringify(value));
const base = () => `${location.origin}/api/v1`;

/** Returns JSON with a space after each comma and colon that is not inside a string. */
function spaced(json) {
  return json.replace(/"(?:[^"\\]|\\.)*"|[,:]/g, (part) => (part.length === 1 ? `${part} ` : part));
}

/** Returns the request without fields that have their default. */
function short({ query, limit, offset, mode, ...filters }) {
  return {
    query,
    limit: limit === 10 ? undefined : limit,
    offset: offset || undefined,
    mode: mode === "balanced" ? undefined : mode,
    ...filters,
  };
}

function curl(request) {
  const quoted = shell(spaced(JSON.stringify(short(request))));
  return [
    `curl -s ${base()}/search \\`,
    `  -H "Authorization: Bearer $LIGHTFAST_API_KEY" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d ${quoted}`,
  ].join("\n");
}

function filterArguments({ sources, types, filters }) {
  const found = [];
  if (sources) found.push(`sources=${python(sources)}`);
  if (types) found.push(`types=${python(types)}`);
  if (filters?.dateRange) {
    const ends = Object.entries(filters.dateRange).map(([name, at]) => `${name}=${python(at)}`);
    found.push(`date_range=DateRange(${ends.join(", ")})`);
  }
  return found;
}

function call(request, indent) {
  const filters = filterArguments(request);
  const lines = [python(request.query)];
  if (request.limit !== 10) lines.push(`limit=${request.limit}`);
  if (request.offset) lines.push(`offset=${request.offset}`);
  if (request.mode !== "balanced") lines.push(`mode=${python(request.mode)}`);
  if (filters.length === 1) lines.push(`filters=SearchFilters(${filters[0]})`);
  if (filters.length > 1) {
    const inner = filters.map((line) => `${indent}        ${line},\n`).join("");
    lines.push(`filters=SearchFilters(\n${inner}${indent}    )`);
  }
  if (lines.length === 1) return `client.search(${lines[0]})`;
  return `client.search(\n${lines.map((line) => `${indent}    ${line},\n`).join("")}${indent})`;
}

function imported(client, request) {
  const names = [client];
  if (request.filters) names.push("SearchFilters");
  if (request.filters?.dateRange) names.push("DateRange");
  return `from lightfast import ${names.sort().join(", ")}`;
}

function asynchronous(request) {
  return `import asyncio

${imported("AsyncLightfast", request)}


async def main() -> None:
    # The key is read from LIGHTFAST_API_KEY.
    async with AsyncLightfast(base_url=${python(base())}) as client:
        response = await ${call(request, "        ")}
        for result in response:
            print(f"{result.score:.2f}", result.title)


asyncio.run(main())`;
}

function blocking(request) {
  return `${imported("Lightfast", request)}

# The key is read from LIGHTFAST_API_KEY.
with Lightfast(base_url=${python(base())}) as client:
    response = ${call(request, "    ")}
    for result in response:
        print(f"{result.score:.2f}", result.title)`;
}

export const SNIPPETS = [
  ["curl", "curl", curl],
  ["async", "Python, async", asynchronous],
  ["sync", "Python, sync", blocking],
];
