import http2 from 'node:http2'
import { Relay } from './src/index.ts'
const report = (count: () => number) => { let c = process.cpuUsage(), m = 0; process.on('SIGUSR2', () => { const d = process.cpuUsage(c); const n = count(); console.error('us/req', ((d.user+d.system)/(n-m)).toFixed(1), n-m, 'rss', (process.memoryUsage.rss()/1e6).toFixed(0)); c=process.cpuUsage(); m=n }); setTimeout(()=>process.exit(), 60000) }
if (process.argv[2] === 'app') {
  const s = http2.createServer(); s.on('stream', (st) => { st.respond({':status':200,'content-length':12}); st.end('hello world\n') }); s.listen(0, '127.0.0.1', () => console.log((s.address() as any).port))
} else if (process.argv[2] === 'base') {
  let n = 0
  const c = http2.connect('http://127.0.0.1:'+process.argv[3])
  const s = http2.createServer(); s.on('stream', (st, h, flags) => { const r = c.request(h, { endStream: (flags & 1) !== 0 }); r.on('response', (h) => { st.respond(h); r.on('data', (d) => st.write(d)); r.on('end', () => { n++; st.end() }) }); if ((flags&1)===0) st.pipe(r) ; else st.resume() })
  s.listen(0, '127.0.0.1', () => console.log((s.address() as any).port)); report(() => n)
} else {
  let n = 0, ep: any
  const rec = { onRequest(x: any){ x.forward(ep) }, onResponse(){}, onFailure(){return false}, onDone(){ n++ } }
  const relay = await Relay.start({listen:[{host:'127.0.0.1',port:0}]}, rec as never)
  ep = relay.endpoint({host:'127.0.0.1',port:+process.argv[3],protocol:'h2'})
  console.log(relay.ports[0]); report(() => n)
}
