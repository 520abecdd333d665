// A workload for tests: echoes bodies and WebSocket bytes, breaks off on request.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

const server = createServer((req, res) => {
  if (req.url === '/env') return res.end(JSON.stringify(process.env));
  if (req.url === '/break') return req.socket.destroy();
  if (req.url === '/half') {
    res.writeHead(200, { 'content-length': 1000 });
    res.write('half');
    return setTimeout(() => req.socket.destroy(), 50);
  }
  res.setHeader('x-instance', process.env.SLIPWAY_INSTANCE);
  req.pipe(res);
});
server.on('upgrade', (req, socket) => {
  const key = createHash('sha1').update(`${req.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  const head = ['HTTP/1.1 101 Switching Protocols', 'upgrade: websocket', 'connection: Upgrade'];
  socket.write([...head, `sec-websocket-accept: ${key.digest('base64')}`, '', ''].join('\r\n'));
  // One small masked text frame in, the same text unmasked out.
  socket.on('data', (frame) => {
    if ((frame[0] & 0x0f) !== 1) return socket.end();
    const length = frame[1] & 0x7f;
    const text = Buffer.from(frame.subarray(6, 6 + length)).map((byte, index) => byte ^ frame[2 + (index % 4)]);
    socket.write(Buffer.concat([Buffer.from([0x81, length]), text]));
  });
  socket.on('error', () => socket.destroy());
});
server.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => server.close());
