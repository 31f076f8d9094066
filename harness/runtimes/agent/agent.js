'use strict'

// leakhunt's agent for Node, loaded by NODE_OPTIONS="--require /path/agent.js".
// It does nothing unless LEAKHUNT_AGENT names a folder of this user.
//
// It opens the Unix socket $LEAKHUNT_AGENT/PID.sock. A line in, a line of JSON
// out: "settle" collects garbage and says what is alive; "trace on" and "trace
// off" say where what survives was made, "hold on" and "hold off" what holds it,
// "routes" what the framework answers to.
// Nothing else is possible through it.
// It can also be evaluated through the inspector: then it opens no socket.
// V8's settings are touched when the first line arrives, not before.
;((require) => {
  const PROTOCOL = 1
  const SITES = 100
  const FRAMES = 25
  // Routes at most, and characters of a path.
  const ROUTES = 5000
  const LONG = 1000
  // Who answers to more methods than these answers to all that there are.
  const ALL = 20
  // A process that ends at once opens no socket.
  const DELAY = 100
  // The mean distance of two samples in bytes: so small that every object of
  // 48 bytes and more is seen with 95 % and counted once.
  const INTERVAL = 16
  // Bytes of native memory that counting an object takes at most, for as long as the
  // process lives: V8 has a global handle for each that it met at once, and malloc keeps
  // the rest. 115 to 136 were measured on Node 20; longer chains of prototypes take more.
  const COUNTING = 160

  let path, session, gc, still
  // What the first count found, and the most objects since.
  let first, most
  // Whether there may be other threads with a heap of their own.
  let threads = typeof module !== 'object'
  const dir = process.env.LEAKHUNT_AGENT || ''
  if (typeof module === 'object' && dir.startsWith('/') && Buffer.byteLength(dir) <= 90 && isMain()) {
    setTimeout(() => { try { listen() } catch { /* the application comes first */ } }, DELAY).unref()
    process.once('worker', () => { threads = true })
  }
  return answer // for an inspector, which evaluates this file and needs no socket

  function isMain () {
    try { return require('worker_threads').isMainThread } catch { return false }
  }

  // A folder that others can write to is not used: they could put another
  // socket in our place.
  function isPrivate (fs) {
    try { fs.mkdirSync(dir, 0o700) } catch { /* it is there */ }
    const st = fs.lstatSync(dir)
    return st.isDirectory() && [0, process.geteuid()].includes(st.uid) && (st.mode & 0o022) === 0
  }

  // sweep removes what processes have left that ended without a word (SIGTERM,
  // SIGKILL). It asks first: a process of another container has a pid that is not
  // known here.
  function sweep (fs) {
    for (const name of fs.readdirSync(dir)) {
      if (!/^\d+\.sock$/.test(name) || isAlive(parseInt(name, 10))) continue
      const probe = require('net').connect(`${dir}/${name}`, () => probe.destroy())
      probe.on('error', ({ code }) => {
        if (code === 'ECONNREFUSED') try { fs.unlinkSync(`${dir}/${name}`) } catch { /* it is gone */ }
      })
      probe.unref()
    }
  }

  function isAlive (pid) {
    try { return process.kill(pid, 0) } catch ({ code }) { return code !== 'ESRCH' }
  }

  function listen () {
    const fs = require('fs')
    if (!isPrivate(fs)) return
    sweep(fs)
    const server = require('net').createServer(serve)
    server.on('error', () => { path = undefined })
    process.once('exit', () => { try { fs.unlinkSync(path) } catch { /* none */ } })
    // In a folder of its own nobody reaches the socket before its mode is
    // narrowed. The umask would be that of the application's files too, which
    // other threads make meanwhile.
    const own = `${dir}/${process.pid}`
    const made = `${own}/s`
    try { fs.unlinkSync(made) } catch { /* none */ }
    try { fs.rmdirSync(own) } catch { /* none */ }
    fs.mkdirSync(own, 0o700)
    try {
      // exclusive: a worker of a cluster would share the primary's socket.
      server.listen({ path: made, exclusive: true })
      server.unref()
      fs.chmodSync(made, 0o600)
      fs.renameSync(made, `${own}.sock`)
      path = `${own}.sock`
    } finally {
      fs.rmdirSync(own)
    }
  }

  function serve (conn) {
    let rest = ''
    let turn = Promise.resolve()
    conn.unref()
    conn.setEncoding('utf8')
    conn.on('error', () => {})
    conn.on('close', () => { traceEnd() })
    conn.on('data', (data) => {
      rest += data
      if (rest.length > 65536) return conn.destroy()
      const lines = rest.split('\n')
      rest = lines.pop()
      for (const line of lines) {
        turn = turn.then(() => answer(line)).then((out) => { conn.write(JSON.stringify(out) + '\n') }).catch(() => conn.destroy())
      }
    })
  }

  async function answer (command) {
    const out = { leakhunt: PROTOCOL, runtime: 'node', version: process.versions.node, pid: process.pid }
    try {
      if (command === 'settle') out.counters = await settle()
      else if (command === 'trace on') out.tracing = await traceOn()
      else if (command === 'trace off') out.sites = await traceOff()
      else if (command === 'hold on') out.tracing = await holdOn()
      else if (command.startsWith('hold off\t')) out.dumped = await holdOff(command.split('\t')[1])
      else if (command === 'routes') out.routes = await routes()
      else out.error = 'unknown command'
    } catch (e) {
      traceEnd()
      out.error = String(e && e.message)
    }
    return out
  }

  // collect runs full collections with a turn of the event loop between them:
  // what finalizers and handles let go of is gone only after the next one.
  async function collect () {
    if (!gc) {
      expose(true)
      gc = collector()
      expose(false)
    }
    for (let i = 0; i < 2; i++) {
      await new Promise((resolve) => setImmediate(resolve))
      gc()
    }
  }

  function expose (on) {
    require('v8').setFlagsFromString(on ? '--expose-gc' : '--no-expose-gc')
  }

  function collector () {
    return require('vm').runInNewContext('gc')
  }

  async function settle () {
    const others = threads && process.getBuiltinModule ? await countWorkers() : []
    await collect()
    const own = { objects: countObjects(), ...liveBytes() }
    const heaps = [own, ...others]
    const sum = (key) => heaps.reduce((total, h) => total + h[key], 0)
    const exact = heaps[0].objects !== undefined
    const counters = [{ name: 'live bytes', unit: 'bytes', exact, value: sum('bytes') }]
    if (exact) counters.unshift({ name: 'live objects', unit: 'objects', exact, value: sum('objects') })
    // What the process has beyond that is native memory of the application.
    counters.push({ name: 'held', unit: 'bytes', beside: 'held', value: sum('held') + counting(own) })
    return counters
  }

  // counting is what counting the objects has taken since the first count: what came beside
  // the heap, as far as the objects that came explain it.
  function counting ({ objects, held, rss }) {
    if (objects === undefined) return 0
    first = first || { objects, beside: rss - held }
    most = Math.max(most || 0, objects)
    return Math.max(0, Math.min(rss - held - first.beside, COUNTING * (most - first.objects)))
  }

  // countWorkers counts what is alive in the worker threads of this one, each of
  // which has a heap of its own. V8's inspector asks them, also those that block
  // until there is work (Atomics.wait). One that ends meanwhile has nothing. The
  // inspector's own require (includeCommandLineAPI) would leave 29 objects behind
  // each time; getBuiltinModule is there from Node 20.16 on.
  async function countWorkers () {
    const { Session } = require('inspector')
    const s = new Session()
    const heaps = []
    const expression = `(() => { const require = process.getBuiltinModule; ${collector}; ${countObjects}; ${liveBytes}
      const gc = collector(); gc(); return { objects: countObjects(), ...liveBytes() } })()`
    s.connect()
    expose(true) // V8's settings are those of all threads
    try {
      s.on('NodeWorker.attachedToWorker', ({ params: { sessionId } }) => {
        const heap = new Promise((resolve, reject) => {
          s.on('NodeWorker.detachedFromWorker', ({ params }) => { if (params.sessionId === sessionId) resolve() })
          s.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
            if (params.sessionId !== sessionId) return
            const { id, result, error } = JSON.parse(params.message)
            if (id !== 1) return
            if (result && result.result.value) resolve(result.result.value)
            else reject(new Error(`a worker thread was not counted: ${error ? error.message : result.result.description}`))
          })
        })
        heap.catch(() => {}) // nobody waits for a worker that begins meanwhile
        heaps.push(heap)
        s.post('NodeWorker.sendMessageToWorker', {
          sessionId,
          message: JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression, returnByValue: true } })
        })
      })
      await new Promise((resolve, reject) => s.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, (err) => err ? reject(new Error(err.message)) : resolve()))
      return (await Promise.all(heaps)).filter(Boolean)
    } finally {
      expose(false)
      s.disconnect()
    }
  }

  // countObjects counts JavaScript objects (functions, arrays and buffers are
  // some, strings are not), from Node 20.13 on. It collects by itself, and V8
  // then keeps compiled code in place, which takes the noise out of liveBytes.
  function countObjects () {
    const { queryObjects } = require('v8')
    if (!queryObjects) return undefined
    const warn = process.emitWarning
    process.emitWarning = () => {} // "experimental", once, on the application's stderr
    try {
      return queryObjects(Object, { format: 'count' })
    } finally {
      process.emitWarning = warn
    }
  }

  // liveBytes is the heap without compiled code, and the memory of buffers. The
  // reading must follow the collection at once: one allocation between them
  // takes a whole page into the count. A page that slips in only adds, so the
  // lower of two readings is right. held is what V8 has from the system for that.
  function liveBytes () {
    const v8 = require('v8')
    let bytes = Infinity
    let held, rss
    for (let i = 0; i < 2; i++) {
      gc()
      const m = process.memoryUsage()
      const c = v8.getHeapCodeStatistics()
      bytes = Math.min(bytes, m.heapUsed + m.external - c.code_and_metadata_size - c.bytecode_and_metadata_size)
      held = v8.getHeapStatistics().total_physical_size + m.external
      rss = m.rss
    }
    return { bytes, held, rss }
  }

  function post (method, params) {
    return new Promise((resolve, reject) => {
      session.post(method, params, (err, res) => err ? reject(new Error(err.message)) : resolve(res))
    })
  }

  async function traceOn () {
    await connect()
    await post('HeapProfiler.startSampling', { samplingInterval: INTERVAL, stackDepth: FRAMES })
    return true
  }

  async function connect () {
    if (session) throw new Error('tracing is on already')
    await collect()
    const { Session } = require('inspector')
    session = new Session()
    session.connect()
  }

  // holdOn notes of every object where it is made. V8 forgets that where it moves
  // an object that it has met before, so that it must not.
  async function holdOn () {
    await connect()
    compact(false)
    await post('HeapProfiler.startTrackingHeapObjects', { trackAllocations: true })
    return true
  }

  function compact (may) {
    if (parseInt(process.versions.v8, 10) < 10) return // another flag, and a word on stderr for this one
    require('v8').setFlagsFromString(may ? '--compact' : '--no-compact')
    still = !may
  }

  // holdOff writes the heap to a new file, with the functions of what was made
  // since holdOn. Who holds whom is looked up in there, not here.
  async function holdOff (path) {
    if (!session) throw new Error('tracing is not on')
    const fs = require('fs')
    let fd, failed
    try {
      fd = fs.openSync(path, 'wx', 0o600)
      session.on('HeapProfiler.addHeapSnapshotChunk', ({ params }) => {
        try {
          const part = Buffer.from(params.chunk)
          for (let at = 0; !failed && at < part.length;) at += fs.writeSync(fd, part, at)
        } catch (e) {
          failed = e
        }
      })
      await post('HeapProfiler.stopTrackingHeapObjects', { reportProgress: false })
    } finally {
      if (fd !== undefined) fs.closeSync(fd)
      traceEnd()
    }
    if (failed) throw failed
    return true
  }

  async function traceOff () {
    if (!session) throw new Error('tracing is not on')
    await collect()
    try {
      const { profile } = await post('HeapProfiler.stopSampling')
      return survivors(profile)
    } finally {
      traceEnd()
    }
  }

  function traceEnd () {
    const s = session
    session = undefined
    try { if (s) s.disconnect() } catch { /* it is closed */ }
    if (still) compact(true)
  }

  // survivors lists the nodes of the sampled call tree, with their stacks. A
  // built-in such as Array.from has no file: its caller's line is the site. V8
  // may allocate an array and its elements as one, and counts both while the
  // array lives, although its elements were replaced since.
  function survivors (profile) {
    const counts = new Map()
    for (const s of profile.samples || []) counts.set(s.nodeId, (counts.get(s.nodeId) || 0) + 1)
    const sites = []
    const walk = (node, stack) => {
      const f = node.callFrame
      const here = f.url ? [{ file: f.url, line: f.lineNumber + 1, function: f.functionName }, ...stack] : stack
      if (node.selfSize > 0 && here.length > 0 && !here.some((f) => isOwn(f.file))) {
        sites.push({ ...here[0], objects: counts.get(node.id) || 0, bytes: node.selfSize, stack: here })
      }
      for (const child of node.children) walk(child, here)
    }
    walk(profile.head, [])
    return sites.sort((a, b) => b.bytes - a.bytes).slice(0, SITES)
  }

  // routes are those of Express and of Fastify, each with what handles it. V8's
  // inspector finds the routers and says where functions begin; nothing is changed.
  async function routes () {
    const cache = require('module')._cache
    const loaded = (ending) => Object.keys(cache).filter((f) => f.replaceAll('\\', '/').endsWith(ending)).map((f) => cache[f].exports)
    const found = []
    const s = new (require('inspector').Session)()
    s.connect()
    try {
      for (const request of loaded('/express/lib/request.js')) {
        const apps = (await inheriting(s, request)).filter((o) => Object.hasOwn(o, 'app')).map((o) => o.app)
        for (const app of apps) if (!app.parent) express(app, '', found, apps, 0)
      }
      for (const Router of loaded('/find-my-way/index.js')) {
        for (const router of await inheriting(s, Router.prototype)) if (Array.isArray(router.routes)) fastify(router, found)
      }
      return await located(s, found.slice(0, ROUTES))
    } finally {
      s.disconnect()
    }
  }

  function ask (s, method, params) {
    return new Promise((resolve, reject) => s.post(method, params, (err, res) => err ? reject(new Error(err.message)) : resolve(res)))
  }

  // lent runs use with the inspector's id of a value, which a global name lends it.
  async function lent (s, value, use) {
    const name = `__leakhunt${process.hrtime.bigint()}`
    Object.defineProperty(globalThis, name, { value, configurable: true })
    try {
      return await use((await ask(s, 'Runtime.evaluate', { expression: name })).result.objectId)
    } finally {
      delete globalThis[name]
    }
  }

  // inheriting are the objects that have proto as a prototype.
  async function inheriting (s, proto) {
    const box = {}
    await lent(s, proto, async (prototypeObjectId) => {
      const { objects } = await ask(s, 'Runtime.queryObjects', { prototypeObjectId })
      await lent(s, box, (objectId) => ask(s, 'Runtime.callFunctionOn', { objectId, functionDeclaration: 'function (all) { this.all = all }', arguments: [{ objectId: objects.objectId }] }))
      await ask(s, 'Runtime.releaseObject', { objectId: objects.objectId })
    })
    return box.all
  }

  function express (app, prefix, found, apps, depth) {
    const router = app._router || (Object.hasOwn(app, 'router') || !app.lazyrouter ? app.router : undefined)
    if (router && depth < 8) layers(router.stack, prefix, found, depth)
    for (const child of apps) {
      if (child.parent === app) express(child, joined(prefix, [].concat(child.mountpath)[0]), found, apps, depth + 1)
    }
  }

  function layers (stack, prefix, found, depth) {
    for (const layer of stack || []) {
      const { route, handle } = layer
      if (route) {
        let methods = Object.keys(route.methods).filter((m) => m !== 'head' || !route.methods.get)
        if (methods.length > ALL) methods = ['_all'] // by all()
        for (const path of [].concat(route.path)) {
          for (const m of methods) {
            const last = route.stack.filter((l) => m === '_all' || l.method === undefined || l.method === m).pop()
            found.push({ framework: 'express', method: m === '_all' ? '' : m.toUpperCase(), path: joined(prefix, path), handler: last && last.handle })
          }
        }
      } else if (handle && handle.stack && depth < 8) {
        layers(handle.stack, joined(prefix, mount(layer)), found, depth + 1)
      }
    }
  }

  // joined is the path of a route under its router; "" where one of them is not
  // known, or is no text.
  function joined (prefix, path) {
    if (typeof prefix !== 'string' || typeof path !== 'string') return undefined
    return prefix.replace(/\/$/, '') + (path.startsWith('/') || path === '' ? path : '/' + path)
  }

  // mount is the path that a router was given by use. Express 4 keeps the pattern
  // only that it made of it, the first versions of Express 5 nothing.
  function mount ({ rawPath, regexp, keys }) {
    if (rawPath !== undefined) return [].concat(rawPath)[0]
    if (!regexp || regexp.fast_slash) return regexp && ''
    let i = 0
    const text = regexp.source.replace(/^\^|\\\/\?\(\?=\\\/\|\$\)$/g, '')
      .replace(/(\\\/)?\(\?:(\\\/)?\(\[\^(\\\/|\/)\]\+\?\)\)|\(\[\^(\\\/|\/)\]\+\?\)/g, (m) => (m.startsWith('\\/') || m.includes('(?:\\/') ? '/' : '') + ':' + keys[i++].name)
      .replace(/\\([/.-])/g, '$1')
    return /[\\^$()[\]?+|]/.test(text) ? undefined : text
  }

  function fastify (router, found) {
    for (const { method, path, handler, store } of router.routes) {
      // The router of what is not found has no address in its settings.
      if (store && store.config && store.config.url === undefined) continue
      for (const m of [].concat(method)) {
        if (m === 'HEAD' && router.hasRoute && router.hasRoute('GET', path)) continue
        found.push({ framework: store ? 'fastify' : 'find-my-way', method: m, path, handler: (store && store.handler) || handler })
      }
    }
  }

  // located names the handlers, with the file and line where each begins.
  async function located (s, found) {
    const scripts = new Map()
    s.on('Debugger.scriptParsed', ({ params }) => { scripts.set(params.scriptId, params.url) })
    await ask(s, 'Debugger.enable')
    const out = []
    for (const { framework, method, path, handler } of found) {
      const route = { framework, method, path: path === undefined ? '' : path.slice(0, LONG), function: '', file: '', line: 0 }
      if (typeof handler === 'function') {
        route.function = String(handler.name).replace(/^(bound )+/, '').slice(0, 200)
        await lent(s, handler, async (objectId) => {
          for (let i = 0; objectId && i < 10; i++) {
            const { internalProperties = [] } = await ask(s, 'Runtime.getProperties', { objectId, ownProperties: true })
            const own = (name) => (internalProperties.find((p) => p.name === name) || { value: {} }).value
            const at = own('[[FunctionLocation]]').value
            objectId = own('[[TargetFunction]]').objectId // of one that is bound
            if (!at) continue
            route.file = scripts.get(at.scriptId) || ''
            route.line = at.lineNumber + 1
          }
        })
      }
      out.push(route)
    }
    return out
  }

  function isOwn (file) {
    return file === 'leakhunt-agent.js' || (typeof __filename === 'string' && file.endsWith(__filename))
  }
})(require)
//# sourceURL=leakhunt-agent.js
