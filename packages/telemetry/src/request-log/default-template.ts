/** Knative's default request log template: one JSON object per request. */
export const DEFAULT_TEMPLATE: string =
  '{"httpRequest": {"requestMethod": "{{.Request.Method}}", "requestUrl": "{{js .Request.RequestURI}}", ' +
  '"requestSize": "{{.Request.ContentLength}}", "status": {{.Response.Code}}, ' +
  '"responseSize": "{{.Response.Size}}", "userAgent": "{{js .Request.UserAgent}}", ' +
  '"remoteIp": "{{js .Request.RemoteAddr}}", "serverIp": "{{.Revision.PodIP}}", ' +
  '"referer": "{{js .Request.Referer}}", "latency": "{{.Response.Latency}}s", ' +
  '"protocol": "{{.Request.Proto}}"}, "traceId": "{{.TraceID}}"}'

/**
 * The same with every string escaped. Knative's leaves some as they are, the trace id among them, which a client
 * chooses; so a client could add members to the object. It is what the default template is compiled from.
 */
export const VALID_DEFAULT_TEMPLATE: string = DEFAULT_TEMPLATE.replaceAll(
  /\{\{(\.Request\.Method|\.Revision\.PodIP|\.Request\.Proto|\.TraceID)\}\}/g,
  '{{js $1}}',
)
