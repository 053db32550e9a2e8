-- 4 KB in four chunks; the request is bytes made once, wrk sends them as they are.
local chunk = "400\r\n" .. string.rep("x", 1024) .. "\r\n"
local head = "POST /post HTTP/1.1\r\nHost: bench\r\nTransfer-Encoding: chunked\r\n\r\n"
local bytes = head .. string.rep(chunk, 4) .. "0\r\n\r\n"

request = function()
  return bytes
end
