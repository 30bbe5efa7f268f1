// Every method of Ollama's own client for JavaScript, against the server at QUIPU_URL.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'

// Packages lie elsewhere, where `import` would not look.
const { Ollama } = createRequire(process.env.QUIPU_NODE_PACKAGES)('ollama')

const client = new Ollama({ host: process.env.QUIPU_URL })
const model = 'chasqui'
const options = { temperature: 0, num_predict: 400 }
const sum = [{ role: 'user', content: 'What is 4 + 5?' }]
const weather = [{ role: 'user', content: 'What is the weather in Cusco?' }]
const tools = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'Get the weather in a city.',
      parameters: {
        type: 'object',
        required: ['city'],
        properties: { city: { type: 'string', description: 'The city' } },
      },
    },
  },
]
const person = {
  type: 'object',
  required: ['name', 'age'],
  properties: {
    name: { type: 'string', maxLength: 20 },
    age: { type: 'integer', minimum: 0, maximum: 120 },
  },
}

async function all(stream) {
  const parts = []
  for await (const part of await stream) parts.push(part)
  return parts
}

const names = async () => (await client.list()).models.map((model) => model.name)
const refused = (status, message) => (error) => {
  assert.equal(error.status_code, status)
  assert.match(error.message, message)
  return true
}

test('version', async () => {
  assert.match((await client.version()).version, /^\d+\.\d+\.\d+$/)
})

test('list', async () => {
  const [listed] = (await client.list()).models.filter((listed) => listed.name === 'chasqui:latest')
  assert.equal(listed.model, 'chasqui:latest')
  assert.equal(listed.details.family, 'qwen3')
  assert.ok(new Date(listed.modified_at) <= new Date() && listed.size > 1e6)
})

test('show', async () => {
  const shown = await client.show({ model })
  assert.deepEqual(shown.capabilities, ['completion', 'tools', 'thinking'])
  assert.equal(shown.model_info['general.architecture'], 'qwen3')
  assert.match(shown.modelfile, /^FROM /m)
  await assert.rejects(client.show({ model: 'nothing' }), refused(404, /^model 'nothing' not found$/))
})

test('ps', async () => {
  await client.generate({ model, prompt: '', keep_alive: '10m' })
  const [loaded] = (await client.ps()).models
  assert.equal(loaded.name, 'chasqui:latest')
  assert.ok(new Date(loaded.expires_at) > new Date())
})

test('generate', async () => {
  const asked = { model, prompt: 'What is 4 + 5?', options }
  const whole = await client.generate(asked)
  assert.match(whole.response, /9/)
  assert.ok(whole.thinking && whole.done_reason === 'stop' && whole.eval_count > 0)
  const parts = await all(client.generate({ ...asked, stream: true }))
  assert.equal(parts.map((part) => part.response).join(''), whole.response)
  assert.equal(parts.map((part) => part.thinking ?? '').join(''), whole.thinking)
  const formed = await client.generate({ ...asked, format: person, think: false })
  assert.equal(typeof JSON.parse(formed.response).age, 'number')
  const raw = await client.generate({ model, prompt: 'Hello', raw: true, options: { num_predict: 2 } })
  assert.equal(raw.eval_count, 2)
  const listed = await client.generate({ ...asked, think: false, logprobs: true, top_logprobs: 2 })
  assert.ok(listed.logprobs.every((token) => token.top_logprobs.length === 2))
})

test('chat', async () => {
  const asked = { model, messages: sum, options }
  const whole = await client.chat(asked)
  assert.match(whole.message.content, /9/)
  assert.ok(whole.message.thinking)
  const parts = await all(client.chat({ ...asked, stream: true }))
  assert.equal(parts.map((part) => part.message.content).join(''), whole.message.content)
  assert.equal(parts.map((part) => part.message.thinking ?? '').join(''), whole.message.thinking)
  assert.ok(parts.at(-1).done)
  const plain = await client.chat({ ...asked, think: false })
  assert.equal(plain.message.thinking, undefined)
  const listed = await client.chat({ ...asked, think: false, logprobs: true })
  assert.equal(listed.logprobs.map((token) => token.token).join(''), listed.message.content)
})

for (const stream of [false, true]) {
  test(`chat calls tools, stream: ${stream}`, async () => {
    const asked = { model, tools, think: false, options }
    const answer = await client.chat({ ...asked, messages: weather, stream })
    const parts = stream ? await all(answer) : [answer]
    const calls = parts.flatMap((part) => part.message.tool_calls ?? [])
    assert.deepEqual(
      calls.map(({ function: { name, arguments: given } }) => [name, given]),
      [['get_weather', { city: 'Cusco' }]],
    )
    const said = { role: 'assistant', content: '', tool_calls: calls }
    const result = { role: 'tool', tool_name: 'get_weather', content: '{"temperature": 17}' }
    const last = await client.chat({ ...asked, messages: [...weather, said, result] })
    assert.match(last.message.content, /17/)
  })
}

test('chat formats', async () => {
  const messages = [{ role: 'user', content: 'Extract name and age as JSON: Ana is 31 years old.' }]
  for (const format of ['json', person]) {
    const { message } = await client.chat({ model, messages, format, think: false, options })
    assert.equal(typeof JSON.parse(message.content), 'object')
  }
})

test('embed', async () => {
  const both = await client.embed({ model, input: ['why is the sky blue?', 'why is the grass green?'] })
  assert.equal(both.embeddings.length, 2)
  for (const vector of both.embeddings) assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-3)
  const short = await client.embed({ model, input: 'hello', dimensions: 8 })
  assert.equal(short.embeddings[0].length, 8)
  const old = await client.embeddings({ model, prompt: 'hello' })
  assert.equal(old.embedding.length, both.embeddings[0].length)
})

test('create, copy, delete', async () => {
  const made = await client.create({ model: 'made', from: model, system: 'You are Ilka.' })
  assert.equal(made.status, 'success')
  assert.equal((await client.show({ model: 'made' })).system, 'You are Ilka.')
  const parts = await all(client.create({ model: 'made', from: model, stream: true }))
  assert.equal(parts.at(-1).status, 'success')
  await client.copy({ source: 'made', destination: 'copied' })
  for (const model of ['made', 'copied']) {
    assert.ok((await names()).includes(`${model}:latest`))
    await client.delete({ model })
    await assert.rejects(client.delete({ model }), refused(404, /not found/))
  }
  const missing = { source: 'made', destination: 'copied' }
  await assert.rejects(client.copy(missing), refused(404, /^model "made" not found$/))
  await assert.rejects(client.create({ model: 'made' }), refused(400, /neither 'from' or 'files'/))
})

test('push and pull', { skip: !process.env.QUIPU_REGISTRY && 'no registry' }, async () => {
  const name = `${process.env.QUIPU_REGISTRY}/javascript/chasqui:latest`
  await client.copy({ source: model, destination: name })
  const pushed = await all(client.push({ model: name, insecure: true, stream: true }))
  assert.deepEqual([pushed[0].status, pushed.at(-1).status], ['retrieving manifest', 'success'])
  await client.delete({ model: name })
  const pulled = await all(client.pull({ model: name, insecure: true, stream: true }))
  assert.deepEqual([pulled[0].status, pulled.at(-1).status], ['pulling manifest', 'success'])
  assert.equal((await client.pull({ model: name, insecure: true })).status, 'success')
  await client.delete({ model: name })
})

test('what is wrong has its status', async () => {
  const missing = refused(404, /^model 'nothing' not found$/)
  for (const stream of [false, true]) {
    await assert.rejects(client.chat({ model: 'nothing', messages: sum, stream }), missing)
    await assert.rejects(client.generate({ model: 'nothing', prompt: 'Hi', stream }), missing)
    const format = { type: 'object', not: {} }
    await assert.rejects(client.chat({ model, messages: sum, format, stream }), refused(400, /"not"/))
  }
  await assert.rejects(client.embed({ model: 'nothing', input: 'Hi' }), missing)
})

test('an answer that is aborted ends', async () => {
  const own = new Ollama({ host: process.env.QUIPU_URL })
  const story = [{ role: 'user', content: 'Tell me a long story.' }]
  const stream = await own.chat({ model, messages: story, stream: true, think: false })
  await assert.rejects(
    async () => {
      for await (const part of stream) {
        assert.ok(part.message)
        own.abort()
      }
    },
    { name: 'AbortError' },
  )
})
