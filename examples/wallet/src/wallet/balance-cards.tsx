import { CircleDashed, HardDrive, ShieldAlert, ShieldCheck } from 'lucide-react'
import { TEXT } from '../text/en'
import { formatAmount } from '../text/amount'
import type { Balance, Levels } from './balance'
import type { Proven } from './level'
import { safetyOf } from './safety'

const text = TEXT.home
const ICONS = { good: ShieldCheck, warn: ShieldAlert, bad: HardDrive, neutral: CircleDashed } as const

/** The two questions of a home: how much, and how safe. */
export function BalanceCards({ balances, levels, proven }: { balances: readonly Balance[]; levels: Levels; proven: Proven }) {
  const safety = safetyOf(levels, proven)
  const Icon = ICONS[safety.tone]
  return (
    <div className="home-top">
      <section className="balances" aria-label={text.balance}>
        {balances.length === 0 && (
          <article className="balance" data-is-empty>
            <h2>{text.balance}</h2>
            <p className="balance-amount">0</p>
            <p className="hint">{text.noTokenYet}</p>
          </article>
        )}
        {balances.map(({ coin, spendable, held, tokens }) => (
          <article key={coin} className="balance" data-coin={coin}>
            <h2>{coin}</h2>
            <p className="balance-amount">{formatAmount(spendable)}</p>
            <p className="hint">{text.spendable(tokens, held.units > 0n ? formatAmount(held) : null)}</p>
          </article>
        ))}
      </section>
      <section className="safety" aria-label={text.safety} data-tone={safety.tone}>
        <p className="safety-words">
          <Icon aria-hidden /> {safety.words}
        </p>
        <LevelBar levels={levels} />
        <ul className="safety-legend">
          {(['verified', 'published', 'local'] as const).map((level) => (
            <li key={level} data-level={level} title={TEXT.levels.meaning(level, proven.of)}>
              {text.legend(TEXT.levels[level], levels[level])}
            </li>
          ))}
        </ul>
      </section>
    </div>
  )
}

/** Shares of the levels. */
export function LevelBar({ levels: { local, published, verified } }: { levels: Levels }) {
  const all = Math.max(local + published + verified, 1)
  const parts = [
    { name: 'verified', share: verified / all },
    { name: 'published', share: published / all },
    { name: 'local', share: local / all },
  ].filter(({ share }) => share > 0)
  return (
    <div className="level-bar" role="img" aria-label={TEXT.levels.bar(verified, published, local)}>
      {parts.map(({ name, share }) => (
        <span key={name} data-level={name} style={{ flexGrow: share }} />
      ))}
    </div>
  )
}
