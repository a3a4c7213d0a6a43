-- Asks the addresses of a file in turn, a line each: the path, after a tab the ETag the reader has, and after another
-- one more header, such as "Authorization: Bearer …".
-- With "new" each request carries a number never used before, so that no copy of the answer can be there.
-- Each line of the file is told as one JSON object at the end.

local requests, place, number, new = {}, 0, 0, false

function init(args)
  new = args[2] == "new"
  number = os.time() % 100000 * 1000000
  for line in io.lines(args[1]) do
    local path, etag, more = line:match("^([^\t]*)\t?([^\t]*)\t?(.*)$")
    local name, value = more:match("^([^:]+): (.*)$")
    local headers = { ["Host"] = args[3], ["X-Forwarded-Proto"] = "https", ["Accept-Encoding"] = "gzip, br" }
    if etag ~= "" then headers["If-None-Match"] = etag end
    if name then headers[name] = value end
    requests[#requests + 1] = { path = path, headers = headers, ready = wrk.format("GET", path, headers) }
  end
end

function request()
  place = place % #requests + 1
  local asked = requests[place]
  if not new then return asked.ready end
  number = number + 1
  local joint = asked.path:find("?", 1, true) and "&" or "?"
  return wrk.format("GET", asked.path .. joint .. "n=" .. number, asked.headers)
end

function done(summary, latency)
  local errors = summary.errors
  local dropped = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '{"requests": %d, "seconds": %.3f, "refused": %d, "dropped": %d, "p50": %.2f, "p99": %.2f}\n',
    summary.requests, summary.duration / 1e6, errors.status, dropped,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
