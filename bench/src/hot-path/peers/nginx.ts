import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface NginxOrder {
  /** Where the file goes, and everything nginx writes. */
  folder: string
  version: string
  port: number
  originPort: number
  isH2c: boolean
}

/**
 * Writes the configuration of one nginx worker that proxies from `port` to an HTTP/1.1 origin, which is all it
 * speaks upstream, and returns the file's path. Buffering to disk is off and bodies stream, as in every other proxy.
 */
export function writeNginxConfig({ folder, version, port, originPort, isH2c }: NginxOrder): string {
  const [major, minor, patch = 0] = version.split('.').map(Number)
  const hasHttp2Directive = major * 1e6 + minor * 1e3 + patch >= 1_025_001
  const listen = `listen 127.0.0.1:${port} backlog=4096${isH2c && !hasHttp2Directive ? ' http2' : ''};`
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const lines = [
    'daemon off;',
    'worker_processes 1;',
    'worker_rlimit_nofile 8192;',
    `pid ${folder}/nginx.pid;`,
    'error_log stderr crit;',
    'events { worker_connections 8192; }',
    'http {',
    '  access_log off;',
    '  keepalive_timeout 600s;',
    '  keepalive_requests 1000000000;',
    '  client_max_body_size 0;',
    ...temporary.map((name) => `  ${name}_temp_path ${folder}/${name};`),
    '  upstream origin {',
    `    server 127.0.0.1:${originPort};`,
    '    keepalive 1024;',
    '    keepalive_requests 1000000000;',
    '  }',
    '  server {',
    `    ${listen}`,
    ...(isH2c && hasHttp2Directive ? ['    http2 on;'] : []),
    '    location / {',
    '      proxy_pass http://origin;',
    '      proxy_http_version 1.1;',
    '      proxy_set_header Connection "";',
    '      proxy_set_header Host $http_host;',
    '      proxy_max_temp_file_size 0;',
    '      proxy_request_buffering off;',
    '    }',
    '  }',
    '}',
  ]
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}
