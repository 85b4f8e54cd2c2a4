-- SPDX-License-Identifier: ISC
-- What wrk sends. One thread has one connection, so a thread's state is a connection's chain.
--
--   wrk -t8 -c8 … -s load.lua URL -- KIND FILE [AUTHORIZATION]
--
-- get      GET of the URL, with AUTHORIZATION if there is one
-- tokens   POST of one line of FILE after another
-- once     the same, but no line is ever sent twice: each thread takes every eighth
-- refresh  POST of thread N's line of FILE with the newest refresh token behind it
-- flow     GET of thread N's line, whose code is then posted with the line after "POST ": a flow is
--          two requests

local count = 0
local threads = {}

function setup(thread)
   thread:set("number", count)
   count = count + 1
   table.insert(threads, thread)
end

function init(args)
   kind, failures = args[1], 0
   authorization = args[3]
   lines = {}
   if args[2] and args[2] ~= "" then
      for line in io.lines(args[2]) do table.insert(lines, line) end
   end
   form = { ["Content-Type"] = "application/x-www-form-urlencoded" }
   form["Authorization"] = authorization
   position = number * 125
   taken = number + 1
   if kind == "refresh" then
      prefix, chain = lines[number + 1]:match("^(.*refresh_token=)(.*)$")
   elseif kind == "flow" then
      path, cookie, post_path, post_body = lines[1], lines[2], lines[3], lines[4]
      code = nil
   end
end

function request()
   if kind == "tokens" then
      position = position + 1
      return wrk.format("POST", nil, form, lines[position % #lines + 1])
   elseif kind == "once" then
      taken = taken + 8
      return wrk.format("POST", nil, form, lines[taken - 8])
   elseif kind == "refresh" then
      return wrk.format("POST", nil, form, prefix .. chain)
   elseif kind == "flow" then
      if code then
         return wrk.format("POST", post_path, form, post_body .. code)
      end
      return wrk.format("GET", path, { ["Cookie"] = cookie })
   end
   return wrk.format("GET", nil, { ["Authorization"] = authorization })
end

-- set only where a chain needs it: without, wrk does not copy bodies
local function next_of_chain(status, headers, body)
   if kind == "refresh" then
      local fresh = body:match('"refresh_token":%s*"([^"]+)"')
      if status == 200 and fresh then chain = fresh else failures = failures + 1 end
   else
      local given = (headers["Location"] or ""):match("[?&]code=([^&]+)")
      if code and status == 200 then
         code = nil
      elseif not code and given then
         code = given
      else
         failures, code = failures + 1, nil
      end
   end
end

local init_plain = init
function init(args)
   init_plain(args)
   if kind == "refresh" or kind == "flow" then response = next_of_chain end
end

function done(summary)
   local broken = summary.errors.connect + summary.errors.read + summary.errors.write
      + summary.errors.status + summary.errors.timeout
   for _, thread in ipairs(threads) do broken = broken + (thread:get("failures") or 0) end
   io.write(string.format("RESULT %d %.6f %d\n", summary.requests, summary.duration / 1e6, broken))
end
