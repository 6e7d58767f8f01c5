/** Every English sentence of the window: another language is another file of this form. Numbers and times: `format.ts`. */

import type { Ability, Ack, ErrorCode, Mark, NodeOutcome, NodeState, Operation, Source, SyncOutcome, TargetState } from 'tauri-plugin-wallet-sync-api'
import { count, plural } from './format'

const tokens = (value: number): string => plural(value, 'token')
const nodes = (value: number): string => plural(value, 'node')

export const SOURCES: Record<Source, string> = {
  cache: 'Cache', 'http-gateway': 'HTTP gateway', 'http-routing': 'HTTP routing', dht: 'DHT', push: 'Push', none: 'Nothing answered',
}

/** How long ago: `just now`, `12 s ago`, `5 min ago`. */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000))
  if (seconds < 2) return 'just now'
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`
  return `${plural(Math.floor(seconds / 86_400), 'day')} ago`
}

/** Of a source that this version may not know. */
export const sourceName = (source: string): string => (SOURCES as Record<string, string>)[source] ?? source

export const OPERATIONS: Record<Operation, string> = { sync: 'Sync', publish: 'Publish', resolve: 'Resolve', fetch: 'Fetch', cache: 'Cache', dht: 'DHT', push: 'Push' }

export const ABILITIES: Record<Ability, string> = {
  connection: 'Connection', version: 'Version', clock: 'Clock', machine: 'Machine', blocks: 'Blocks', pins: 'Pins', records: 'Records', bodies: 'Large uploads', push: 'Live changes',
}

export const MARKS: Record<Mark, string> = { ok: 'there', stale: 'older', missing: 'missing', damaged: 'damaged' }

export const NODE_STATES: Record<NodeState, { text: string; title: string }> = {
  up: { text: 'Up', title: 'Its last answer was good' },
  failing: { text: 'Failing', title: 'Its last answer was a failure' },
  down: { text: 'Down', title: 'It failed repeatedly and is left alone for a while' },
  unknown: { text: 'Not asked', title: 'It was not asked yet' },
}

export const NODE_OUTCOMES: Record<NodeOutcome, string> = {
  found: 'record found', absent: 'has none', unreachable: 'no answer', invalid: 'failed the check', skipped: 'not asked',
}

export const SYNC_OUTCOMES: Record<SyncOutcome, string> = {
  up_to_date: 'nothing new anywhere', merged: 'new content came', published: 'changes went out', offline: 'no node answered',
  partial: 'something did not come yet', read_only: 'a newer format was found',
}

export const TARGET_STATES: Record<TargetState, string> = { met: 'met', missed: 'missed', too_little_data: 'too little data' }

/** What a person can do about the last failure of a node. */
export const NODE_ADVICE: Partial<Record<ErrorCode, string>> = {
  unreachable: 'It gave no answer: is it running, and is its address reached from here?',
  deadline: 'It answers too slowly: look at the load of the machine and at the line to it.',
  denied: 'It refuses what a sync asks: look at its token and at what its proxy lets through.',
  expired: 'It shows a record that has ended: it, or the clock of this machine, is behind.',
  hash_mismatch: 'It gives out bytes that are not what they say: look at its disk; do not trust it until then.',
  signature_invalid: 'It gives out records that are not this wallet’s: it is broken or hostile. Take it out of use.',
  invalid: 'It answers with something else than a Kubo: is its address right?',
  malformed: 'It answers with something else than a Kubo: is its address right?',
  too_large: 'It takes no upload of this size: raise the limit of what stands before it.',
  storage_full: 'Its disk is full.',
}

export const TEXT = {
  app: {
    name: 'wallet-sync',
    skip: 'Skip to the content',
    screens: 'Screens',
    device: 'Device',
    version: (version: string) => `Version ${version}`,
    notReached: (why: string) => `The wallet cannot be reached: ${why}`,
    noDevice: 'The app has no device.',
    secretInFile: 'No keyring here: the secret is in a file that only you can read. For development only.',
    alerts: (howMany: number) => plural(howMany, 'alert'),
    theme: 'Colours',
    themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
    close: 'Close',
    cancel: 'Cancel',
    dismiss: 'Dismiss',
    messages: 'Messages',
    failed: (what: string, code: string, why: string) => `${what}: ${code}, ${why}`,
    tryAgain: 'Try again',
    screenFailed: (why: string) => `This screen cannot be shown: ${why}. The wallet itself goes on.`,
    syncNow: 'Sync now',
  },
  screens: { wallet: 'Wallet', devices: 'Devices', nodes: 'Nodes', audit: 'Audit', activity: 'Activity', dashboard: 'Dashboard', sync: 'Sync' },
  levels: {
    title: (ack: Ack, proven: number, all: number): string =>
      ack === 'verified' ? (proven > 0 ? `Proven on ${proven} of ${all}` : 'Proven') : ack === 'published' ? 'On a node' : 'On this device',
    meaning: (ack: Ack, all: number): string =>
      ack === 'verified'
        ? 'Read back from the nodes’ own stores after they had pinned it'
        : ack === 'published'
          ? `At least one of ${nodes(all)} holds it; it was not read back from enough of them yet`
          : 'On this device only: there is no backup of it yet',
    local: 'On this device only',
    published: 'On a node',
    verified: 'Proven',
    bar: (verified: number, published: number, local: number) => `${verified} proven, ${published} on a node, ${local} on this device only`,
  },
  marks: {
    suspect: 'Suspect', suspectTitle: 'A spend was begun and has no proof: not offered',
    spent: 'Spent', spentTitle: 'Proven spent',
    forked: 'Forked', forkedTitle: 'Two live states of this token are known',
    onItsWay: 'Payload on its way', onItsWayTitle: 'Listed; its bytes are not on this disk yet',
  },
  home: {
    balance: 'Balance',
    noTokenYet: 'No token yet',
    spendable: (howMany: number, held: string | null) => `${tokens(howMany)}${held === null ? '' : `, ${held} being spent`}`,
    safety: 'How safe it is',
    safeAll: (proven: number, all: number) => `Everything is proven on ${proven} of ${nodes(all)}`,
    safeAllOld: 'Every token is proven on the nodes',
    safeNone: 'Nothing to keep safe yet',
    safePart: (howMany: number, all: number) => `${count(howMany)} of ${tokens(all)} ${howMany === 1 ? 'is' : 'are'} not proven yet`,
    safeDisk: (howMany: number) => `${tokens(howMany)} on this device only`,
    noNodes: 'No node is configured: there is no backup',
    legend: (name: string, value: number) => `${name}: ${count(value)}`,
    offline: 'No node answers. What you see is on this device; changes go out by themselves when a node is back.',
    degraded: (names: string, failing: number, all: number) =>
      `${count(failing)} of ${nodes(all)} ${failing === 1 ? 'fails' : 'fail'}: ${names}. The backup goes on with the others.`,
    part: 'Not all of this wallet is here: what other devices published is still on its way, or does not fit here.',
    search: 'Search label, memo, amount, id',
    searchName: 'Search tokens',
    add: 'Add tokens',
    show: 'Show', order: 'Order',
    filters: {
      all: (howMany: number) => `All ${count(howMany)}`,
      pending: (howMany: number) => `Not proven ${count(howMany)}`,
      suspect: (howMany: number) => `Suspect ${count(howMany)}`,
      forked: (howMany: number) => `Forked ${count(howMany)}`,
    },
    orders: { newest: 'Newest', amount: 'Amount', level: 'Level' },
    spentToo: 'Spent too',
    shown: (howMany: number) => `${tokens(howMany)} shown`,
    list: 'Tokens',
    noLabel: 'No label',
    noSummary: 'no summary',
    reading: 'Reading the wallet',
    empty: 'This wallet is empty',
    emptyHint: 'Add a token: it is on this disk at once, on your nodes a moment later, and on every device of this wallet. Was the wallet used before? Then what it had comes back from the nodes.',
    look: 'Restore or new?',
    noMatch: 'No token matches',
    noMatchHint: 'Change the search or the filter.',
  },
  add: {
    title: 'Add tokens',
    hint: 'Made up here to try the wallet with; there is no ledger behind them.',
    howMany: 'How many', one: 'One',
    amount: 'Amount', various: 'various', coin: 'Coin', memo: 'Memo', memoHint: 'What is it for?',
    wrongAmount: 'A positive number, such as 12.50', wrongCoin: 'Two to ten letters or digits',
    progress: 'Added',
    submit: (howMany: number) => (howMany === 1 ? 'Add token' : `Add ${tokens(howMany)}`),
    done: (howMany: number) => `${tokens(howMany)} on this disk; the backup follows by itself`,
    failed: 'Not added',
  },
  token: {
    title: 'Token',
    label: 'Label', labelHint: 'A name of your own', save: 'Save',
    labelled: 'Label on this disk; it syncs to the other devices', notLabelled: 'Not labelled',
    spend: 'Spend',
    steps: { intent: 'Intent', proof: 'Proof', spent: 'Spent' },
    hints: {
      none: 'First the intent, with all that is needed to finish or undo the spend. The token is then suspect: listed, not offered.',
      intent: 'The intent is on disk. Once the ledger has the spend, record its proof; the token is then gone for good, on every device.',
      proof: 'Proven spent. No node and no device can bring it back.',
    },
    recordIntent: 'Spend: record the intent', recordProof: 'Record the proof',
    unknown: 'Kept, but nothing is spent by it', unknownWhy: 'this device has no such state',
    intentDone: 'Intent on disk: the token is no longer offered', proofDone: 'Proof on disk: the token is spent',
    notRecorded: 'Not recorded',
    payload: 'Payload', payloadHint: 'The payload is the money: who sees it can spend it.', showPayload: 'Show the payload', hide: 'Hide', noPayload: 'No payload',
    facts: { token: 'Token', state: 'State', follows: 'Follows', first: 'nothing: the first state', summary: 'Summary', none: 'none', payload: 'Payload', onDisk: 'on this disk', onNodes: 'on the nodes' },
    fork: 'Fork', forkHint: 'To see a fork: a second live state of this token, as a device that was cloned would bring it.', makeRival: 'Make a rival state',
    forked: 'Two live states of this token are known now', notForked: 'No fork',
  },
  cloud: {
    name: 'Backup',
    label: (title: string) => `Backup: ${title}`,
    notOpen: ['Not on this machine', 'The device is not open.'],
    starting: ['Starting', 'Reading the wallet from disk.'],
    waiting: (pending: number) => `${plural(pending, 'change')} not proven yet`,
    lastAnswer: (ago: string, source: string) => `Last answer ${ago}, ${source}`,
    never: 'Never synced',
    syncing: 'Syncing', failed: 'Sync failed', noNodes: 'No nodes', offline: 'Offline', notWhole: 'Not whole', newer: 'Newer format',
    keptHere: 'Kept on this disk only.', fromDisk: 'No node answered; shown from this disk.', notCome: 'Something on the nodes did not come yet.',
    newerHint: 'Another device writes a newer format.',
    pending: (pending: number) => `${plural(pending, 'change')} pending`,
    fresh: ['Not synced yet', 'Nothing was asked of the nodes yet.'],
    synced: 'Synced',
    proven: (proven: number, all: number) => `Proven on ${proven} of ${nodes(all)}. `,
  },
  steps: {
    reading: 'Read the records', listed: 'Merge the list', fetching: 'Fetch the payloads', publishing: 'Publish and read back',
    spoken: { waiting: 'not begun', active: 'under way', done: 'done', skipped: 'not needed', failed: 'failed' },
    notNeeded: 'not needed', allHere: 'all here', missing: (howMany: number) => `${howMany} still missing`,
    names: (howMany: number) => `${plural(howMany, 'name')} on every node`,
    goesOn: 'goes on by itself',
    nothingNew: 'nothing new', added: (howMany: number) => `${howMany} new`,
    of: (done: number, total: number) => `${done} of ${total}`,
    proven: (done: number, total: number) => `proven on ${done} of ${total} nodes`,
  },
  devices: {
    hint: 'Every device writes under a name of its own, in a slot of the wallet. Nodes see neither labels nor devices.',
    thisDevice: 'This device', thisHint: 'What your other devices show for it',
    label: 'Label', labelHint: 'Such as “Laptop, blue”', save: 'Save', remove: 'Remove the label',
    labelTooLong: 'At most 64 bytes', saved: 'The other devices see it after the next sync', notSaved: 'Not saved',
    noSlot: 'It has published nothing yet, and has no slot: its label is kept, and shown once it has one.',
    all: 'Devices of this wallet', none: 'No device has published yet', noneHint: 'The first token takes a slot.',
    unnamed: (slot: number) => `Device in slot ${slot}`,
    self: 'This one', retired: 'Given back', retiredTitle: 'Its slot is free: the next device that needs one takes it',
    here: 'All here', hereTitle: 'All that it published is on this device', notHere: 'Not all here', notHereTitle: 'Something that it published has not come yet',
    facts: (slot: number, sequence: string, when: string) => `Slot ${slot}, edition ${sequence}, published ${when}`,
    unknownTime: 'at an unknown time',
    retire: 'Retire', retireName: (name: string) => `Retire ${name}`,
    retireTitle: (name: string) => `Retire ${name}?`,
    retireHint: 'For a device that is lost or sold. What it published is already here and stays; its slot is given back. If it comes back after all, it loses nothing and takes another slot.',
    retired2: (name: string) => `${name} is retired`,
    notRetired: 'Not retired',
    whyNot: {
      pending_changes: 'Changes of this device are not proven yet. Sync first.',
      conflict: 'It published something within the last hour: it is at work. Try again later, or switch it off.',
      unreachable: 'Too few nodes answer to prove that all it had is safe.',
      deadline: 'The nodes did not take it in time. Nothing is lost; try again.',
      not_found: 'No device is known in this slot any more.',
    } as Partial<Record<ErrorCode, string>>,
  },
  sync: {
    hint: (account: string) => `Folder of its own: ${account}`,
    syncName: (label: string) => `Sync now: ${label}`,
    removeName: (label: string) => `Remove ${label} from this machine`,
    balance: 'Balance', tokens: 'Tokens', own: 'Own changes', slot: 'Slot', noneYet: 'none yet', pending: (howMany: number) => `${count(howMany)} pending`,
    retryable: '. Trying again later can help.',
    names: 'Names it knows', sequence: (value: string) => `sequence ${value}`,
    last: 'Last sync from here',
    report: (outcome: string, source: string, list: string, all: string) => `${source}, ${outcome}: list after ${list}, all after ${all}. `,
    traffic: (requests: number, into: string, out: string, added: number, spent: number) =>
      `${plural(requests, 'request')}, ${into} in, ${out} out. ${count(added)} new, ${count(spent)} spent.`,
    both: 'Sync both', oneGone: 'One device is not on this machine.',
    same: (states: number) => `Both devices show the same wallet: ${plural(states, 'state')}.`,
    differ: (first: number, one: string, second: number, other: string, spent: number) =>
      `They differ: ${count(first)} only on ${one}, ${count(second)} only on ${other}${spent > 0 ? `, ${count(spent)} spent on one of them` : ''}.`,
  },
  remove: {
    hint: 'The nodes and the other device keep what they have. Afterwards the device can be restored from the nodes with nothing but the secret.',
    pending: (howMany: number) => `${plural(howMany, 'change is', 'changes are')} not proven on the nodes yet: the folder will be set aside, not deleted.`,
    confirm: (account: string) => `Type ${account} to confirm`, submit: 'Remove',
    done: (label: string) => `${label} is gone from this machine`, aside: (label: string) => `${label} was set aside: it may hold the only copy of something`,
    failed: 'Not removed',
  },
  restore: {
    gone: 'Not on this machine', goneHint: 'Its folder is gone. With the secret alone everything that was proven comes back from the nodes.',
    begin: 'Restore or new?',
    title: (label: string) => `${label}: restore or new?`,
    stages: ['Where from', 'Under way', 'What was found'],
    ask: 'Was this wallet used before, on this device or another one?',
    nodes: 'Yes: restore it from the nodes', nodesHint: 'The secret is here. Everything that was proven on the nodes comes back, newest first.',
    file: 'Yes: from a backup file', fileHint: 'Everything that was on the device when the file was written; no node is asked.',
    noFile: 'No backup file lies in the app’s folder.',
    files: 'Backup files',
    fresh: 'No: it is a new wallet', freshHint: 'Nothing is expected on the nodes. They are asked all the same: what is there is never written over.',
    go: 'Go on', back: 'Back', done: 'Open the wallet', again: 'Ask again',
    working: { nodes: 'Reading the nodes', file: 'Reading the file', fresh: 'Making sure that nothing is there' },
    read: (done: string, total: string) => `${done} of ${total} read`,
    found: (value: number) => `${tokens(value)} found`,
    foundNew: 'A new wallet: every node was asked, and none has anything of it',
    foundNone: 'Nothing was found',
    foundNoneHint: 'If this wallet was used before, its secret, its network or its list of nodes is another one. Nothing was written.',
    foundMore: (value: number) => `This wallet is not new: ${tokens(value)} came from the nodes`,
    foundPart: 'Not everything came yet',
    silent: (silent: number, all: number) => `${count(silent)} of ${nodes(all)} did not answer: what they hold is not known.`,
    missing: (payloads: number) => `${plural(payloads, 'payload')} of listed tokens are still on the nodes; they follow in the background.`,
    unread: (slots: number) => `${plural(slots, 'device')} of the wallet could not be read: a sync tries again.`,
    offline: 'No node answered: nothing can be said of what they hold. What is here stays as it is.',
    figures: { tokens: 'Tokens', devices: 'Devices', settings: 'Settings', nodes: 'Nodes that answered', payloads: 'Payloads here' },
    imported: (added: number, unchanged: number) => `${count(added)} new from the file, ${count(unchanged)} were here already`,
    spentLater: 'What was spent after the file was made is known once the nodes were read.',
    failed: 'Not restored', notAsked: 'The nodes were not asked. Ask again.',
    progress: 'Progress of the restore',
  },
  nodes: {
    own: 'These nodes are your own: they can be taken out of use here, not made ill.',
    embedded: 'Five nodes inside this app, gone when it ends. Make them ill and watch what the wallet says; what is on this disk stays.',
    heal: 'Heal all', notHealed: 'Not healed',
    none: 'No node is configured', noneHint: 'The wallet is kept on this disk only.',
    p50: 'P50', p95: 'P95', success: 'Success', failures: 'Last failure',
    noError: 'No failure yet', readOnly: 'Read only', lastError: (words: string) => `Last failure: ${words}`,
    inUse: 'In use', inUseName: (node: string) => `${node} in use`, notChanged: 'Not changed',
    outOfUse: 'Out of use', outOfUseTitle: 'Taken out of use here',
    open: 'Details', openName: (node: string) => `Details of ${node}`, back: 'All nodes',
    faults: { kill: 'Kill', hang: 'Hang', slow: 'Slow', stale: 'Stale', forge: 'Forge' },
    faultWords: { kill: 'ports closed', hang: 'accepts, never answers', slow: 'answers 600 ms late', stale: 'shows old records, drops new ones', forge: 'gives out altered bytes' },
    faultName: (fault: string, node: string) => `${fault} ${node}`,
    illness: 'Make it ill', illnessHint: 'Faults of an embedded node, to see what the wallet says',
    how: 'How it is doing', howHint: 'Of its last answers to this device',
    writes: 'Takes writes', yes: 'yes', no: 'no',
    change: 'What to change',
    nothing: 'Nothing that is known. A check tries everything that a sync asks of it.',
    abilities: 'What it is able to do',
    abilitiesHint: 'Tried with blocks, pins and a record made for it; nothing of the wallet is touched, nothing stays pinned',
    check: 'Check', checkName: (what: string, node: string) => `${what} ${node}`, checkAgain: 'Check again', checking: 'Trying everything that a sync asks of it', notChecked: 'Not checked',
    unchecked: 'Not checked since this page was opened',
    spoken: { able: 'passed', unable: 'failed', untried: 'not tried' }, notTried: 'not tried',
    oneThing: 'One thing to change', things: (howMany: number) => `${howMany} things to change`, notFurther: 'Not checked further', nothingToChange: 'Nothing to change',
    lastSync: 'In the last sync from here', notSynced: 'none yet',
    cache: 'Cache', cacheHint: 'Invalidating forgets only what can be fetched or built again: tokens, evidence and labels stay',
    clears: { records: 'Records', content: 'Content', all: 'Both' }, clearName: (what: string) => `Invalidate ${what.toLowerCase()}`,
    cleared: 'Invalidated: the next sync asks the nodes', notCleared: 'Not invalidated',
    cacheFigures: { records: 'Known records', blocks: 'Blocks on disk', bytes: 'Bytes', hits: 'Answered from cache', misses: 'Asked the network', failures: 'Failed', rate: 'Hit rate' },
  },
  audit: {
    hint: 'A backup that nobody reads back is a hope. Three ways to know.',
    nodes: 'What each node holds', nodesHint: 'Asks every node what its own store has of this wallet, and compares sizes and hashes',
    run: 'Audit the nodes', repair: 'Audit and repair', all: 'Every block, not a sample',
    running: { audit: 'Reading what each node holds', repair: 'Putting back what is missing', rehearsal: 'Restoring into memory from the nodes alone' },
    blocks: (checked: number, total: number) => `${count(checked)} of ${count(total)} blocks`,
    notYet: 'No audit in this window yet. The wallet audits its nodes by itself after it was opened, once a node is back, and daily.',
    notAudited: 'Not audited',
    verdict: (whole: number, all: number) => `${whole} of ${nodes(all)} hold everything`,
    safe: (needed: number) => `Enough machines hold everything (${needed} are needed)`,
    unsafe: (needed: number) => `Too few machines hold everything: ${needed} are needed`,
    unpublished: (howMany: number) => `Looked for nowhere, since in no edition yet: ${plural(howMany, 'change')} of this device.`,
    columns: { node: 'Node', record: 'Record', beacon: 'Beacon', pin: 'Pin', root: 'Root', blocks: 'Blocks', result: 'Result' },
    table: 'Table of the audit',
    unknown: 'unknown', noAnswer: (code: string) => `Not looked at, or not all of it: ${code}`,
    whole: 'Everything', part: 'Not everything', mended: (howMany: number) => `${howMany} put back`,
    putBack: (what: string) => `${what}, put back`,
    blocksOk: (checked: number) => `${count(checked)} checked`, blocksBad: (missing: number, damaged: number) => [missing > 0 ? `${missing} missing` : '', damaged > 0 ? `${damaged} damaged` : ''].filter((part) => part !== '').join(', '),
    rehearse: 'Rehearse a restore', rehearseHint: 'A fresh device in memory, from the secret and the nodes alone, is compared with this one; it changes nothing',
    notRehearsed: 'Not rehearsed', never: 'No restore was rehearsed yet.',
    rehearsed: (ago: string, clock: string, words: string) => `Rehearsed ${ago} (${clock}): ${words}.`,
    compare: 'This device and a restored one', here: 'Here', there: 'Restored',
    rows: { tokens: 'Tokens', entries: 'Labels and settings', payloads: 'Payloads fetched and checked' },
    backup: 'Backup file', backupHint: 'Everything that this device has in one encrypted file, written and read back without any node. It is opened with the secret only',
    write: 'Write a backup file', writing: 'Writing and reading back', notWritten: 'Not written', folder: 'Files lie in the app’s data folder. Copy them to another disk.',
    written: (file: string, tokens2: number, entries: number, size: string) => `${file}: ${tokens(tokens2)}, ${plural(entries, 'setting')}, ${size}, read back and whole`,
    left: (howMany: number) => `Not in it: ${plural(howMany, 'payload')} that this device has listed and not fetched yet. Sync, then write another.`,
    noFiles: 'No backup file yet', fileList: 'Backup files', bring: 'Bring back', bringName: (file: string) => `Bring back ${file}`, notBrought: 'Not brought back',
  },
  activity: {
    hint: 'What happens to this device, as it happens', filter: 'Show', list: 'Activity',
    filters: { all: 'All', tokens: 'Tokens', backup: 'Backup', nodes: 'Nodes', alerts: 'Alerts' },
    none: 'Nothing happened yet', noneHint: 'Changes, syncs, nodes and alerts appear here while the window is open.',
    added: (howMany: number) => `${tokens(howMany)} added`, spent: (howMany: number) => `${tokens(howMany)} spent`, settings: 'Labels or settings changed',
    from: (what: string, device: string, isLive: boolean, lag: string | null) => `${what} by ${device}${isLive ? ', live' : ''}${lag === null ? '' : ` (after ${lag})`}`,
    slot: (slot: number) => `another device (slot ${slot})`,
    synced: (outcome: string, source: string | null) => `Sync ended: ${outcome}${source === null ? '' : ` (${source})`}`,
    level: { none: 'Nothing of this device is published', local: 'A change waits for the nodes', published: 'On a node, not proven yet', verified: (proven: number, all: number) => `Proven on ${proven} of ${nodes(all)}` },
    node: (node: string, state: string) => `${node}: ${state.toLowerCase()}`, nodeError: (node: string, state: string, why: string) => `${node}: ${state.toLowerCase()}, ${why}`,
    lagged: (howMany: number) => `${plural(howMany, 'event')} missed; everything was read again`, closed: 'The device was closed', opened: 'The device was opened',
  },
  dashboard: {
    reading: 'Reading the measurements',
    since: (clock: string, requests: number, into: string, out: string) => `Since ${clock}: ${plural(requests, 'request')}, ${into} in, ${out} out`,
    reset: 'Start at zero', notReset: 'Not reset', export: 'Export',
    targets: 'Targets',
    goals: { p95Ms: 'P95 of waits', meanMs: 'Mean of waits', successRate: 'Success rate', cacheHitRate: 'Cache hit rate' } as Record<string, string>,
    under: (value: string) => `under ${value}`, over: (value: string) => `over ${value}`,
    nothing: (than: string) => `Wanted ${than}; nothing was measured yet`,
    tooLittle: (than: string, samples: number) => `Wanted ${than}; ${plural(samples, 'sample says', 'samples say')} too little`,
    of: (than: string, samples: number) => `Wanted ${than}, of ${plural(samples, 'sample')}`,
    overTime: 'Over time', overTimeHint: 'Waits for the network against their targets, syncs and publishes that ended, rates', range: 'Range',
    ranges: { '15m': '15 min', '1h': '1 h', '6h': '6 h', '24h': '24 h' },
    latencyChart: 'Latency over time', endedChart: 'Syncs and publishes over time', ratesChart: 'Rates over time',
    series: { p99: 'P99', p95: 'P95', p50: 'P50', p95Target: (limit: string) => `Target P95 (${limit})`, meanTarget: (limit: string) => `Target mean (${limit})`, ok: 'Succeeded', failed: 'Failed', success: 'Success', hits: 'Cache hits' },
    at: 'At', empty: 'Nothing was measured in this time.', none: 'none',
    latency: 'Latency', latencyHint: 'Per operation and source; of successful ones only', latencyTable: 'Latency table', notMeasured: 'Nothing was measured yet',
    heads: { operation: 'Operation', source: 'Source', figures: ['Count', 'P50', 'P95', 'P99', 'Mean', 'Max', 'Success', 'In', 'Out'] },
    howLong: 'How long', howLongHint: 'How many took how long, by source', operation: 'Operation', latencies: (operation: string) => `Latencies of ${operation}`, upTo: (bound: string) => `≤ ${bound}`,
    nodes: 'Nodes', nodesHint: 'Latency of each one’s last answers', nodeTable: 'Node table', nodeHeads: ['Node', 'State', 'P50', 'P95', 'Success', 'Last failure'],
    levels: 'Levels and rates', levelsHint: 'How far the tokens have come, how often things went well',
    rows: { latest: 'Nodes with the latest root', success: 'Success rate', hits: 'Cache hit rate' }, of2: (part: number, all: number) => `${part} of ${all}`,
    slow: 'Slow operations', slowHint: 'The last ten that took a second or more', noneAt: 'None', slowLine: (operation: string, source: Source) => (source === 'none' ? `${operation}: nothing answered` : `${operation} over ${SOURCES[source]}`), slowFailed: (time: string) => `${time}, failed`,
    alerts: 'Alerts', alertsHint: 'What a person should look at, since the app started',
    exportTitle: 'Export the measurements', format: 'Format', formats: { json: 'JSON', prometheus: 'Prometheus' }, exportText: 'Measurements', noExport: 'No export',
    copy: 'Copy', copied: 'Copied', notCopied: 'Not copied', noClipboard: 'the clipboard is not open to this window',
    save: 'Save as JSON', saved: (name: string) => `Saved as ${name} in the app’s data folder`, notSaved: 'Not saved',
  },
} as const
