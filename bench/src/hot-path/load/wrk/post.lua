-- 4 KB with Content-Length; wrk builds the request once.
wrk.method = "POST"
wrk.body = string.rep("x", 4096)
