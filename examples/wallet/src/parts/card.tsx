import { useId, type ReactNode } from 'react'

interface Props {
  title: string
  hint?: string
  actions?: ReactNode
  className?: string
  children: ReactNode
}

/** A titled region. */
export function Card({ title, hint, actions, className = '', children }: Props) {
  const id = useId()
  return (
    <section className={`card ${className}`} aria-labelledby={id}>
      <header className="card-head">
        <div className="card-title">
          <h2 id={id}>{title}</h2>
          {hint !== undefined && <p className="hint">{hint}</p>}
        </div>
        {actions !== undefined && <div className="card-actions">{actions}</div>}
      </header>
      {children}
    </section>
  )
}
