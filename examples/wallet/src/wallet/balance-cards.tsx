import { formatAmount } from '../text/amount'
import { plural } from '../text/format'
import type { Balance, Levels } from './balance'

export function BalanceCards({ balances, levels, verifiedNodes }: { balances: readonly Balance[]; levels: Levels; verifiedNodes: number }) {
  const all = levels.local + levels.published + levels.verified
  return (
    <div className="balances">
      {balances.length === 0 && (
        <article className="balance" data-is-empty>
          <h3>Balance</h3>
          <p className="balance-amount">0</p>
          <p className="hint">No token yet</p>
        </article>
      )}
      {balances.map(({ coin, spendable, held, tokens }) => (
        <article key={coin} className="balance" data-coin={coin}>
          <h3>{coin}</h3>
          <p className="balance-amount">{formatAmount(spendable)}</p>
          <p className="hint">
            {plural(tokens, 'token')}
            {held.units > 0n && `, ${formatAmount(held)} being spent`}
          </p>
        </article>
      ))}
      <article className="balance balance-safety">
        <h3>How safe</h3>
        <p className="balance-amount">
          {levels.verified}
          <small> of {all} verified</small>
        </p>
        <LevelBar levels={levels} />
        <p className="hint">
          {all === levels.verified && all > 0 ? `Read back from ${plural(verifiedNodes, 'node')}` : `${levels.published} published, ${levels.local} on this disk only`}
        </p>
      </article>
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
    <div className="level-bar" role="img" aria-label={`${verified} verified, ${published} published, ${local} on this disk only`}>
      {parts.map(({ name, share }) => (
        <span key={name} data-level={name} style={{ flexGrow: share }} />
      ))}
    </div>
  )
}
