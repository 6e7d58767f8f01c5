// Writes the records of this folder: `npm install ipns@10.1.6 @libp2p/crypto@5.1.23 && node generate.mjs`.
// The key is that of slot 0 of the secret 31 x 00, 01, so that the names are fixed.
import { writeFileSync } from 'node:fs'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { createIPNSRecordWithExpiration, marshalIPNSRecord } from 'ipns'

const seed = Buffer.from('78b8e27911ff6fc412bfdabd9428c344b775760e96bea0953b8d8b26b43a915c', 'hex')
const value = '/ipfs/bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua'
const key = await generateKeyPairFromSeed('Ed25519', seed)
const maxSequence = 2n ** 63n - 1n

const cases = {
  'v1-v2-sequence-0': [0n, '2123-08-14T20:04:00.000000000Z', {}],
  'v1-v2-sequence-7-ms': [7n, '2123-08-14T20:04:00.123Z', {}],
  'v1-v2-sequence-max': [maxSequence, '2123-08-14T20:04:00.000000000Z', {}],
  'v1-v2-99-years': [1n, '2125-11-24T00:00:00.000Z', { ttlNs: 0n }],
  'v2-sequence-0': [0n, '2123-08-14T20:04:00.000000000Z', {}],
  'v2-sequence-7-ns': [7n, '2123-08-14T20:04:00.123456789Z', {}],
  'v2-sequence-max': [maxSequence, '2123-08-14T20:04:00Z', {}],
  'v1-v2-expired': [3n, '2020-01-01T00:00:00.000Z', {}],
  'v2-ipns-chain': [1n, '2123-08-14T20:04:00Z', { value: '/ipns/example.com' }],
  'v2-path': [1n, '2123-08-14T20:04:00Z', { value: `${value}/a/b` }]
}

for (const [name, [sequence, expiration, { value: other, ...options }]] of Object.entries(cases)) {
  const record = await createIPNSRecordWithExpiration(key, other ?? value, sequence, expiration, {
    v1Compatible: name.startsWith('v1-v2'),
    ...options
  })
  writeFileSync(new URL(`${name}.ipns-record`, import.meta.url), marshalIPNSRecord(record))
}
