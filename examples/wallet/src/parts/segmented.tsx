interface Props<T extends string> {
  label: string
  options: readonly { value: T; text: string }[]
  value: T
  onChange: (value: T) => void
}

/** A choice of few, all in sight. */
export function Segmented<T extends string>({ label, options, value, onChange }: Props<T>) {
  return (
    <div className="segmented" role="radiogroup" aria-label={label}>
      {options.map((option, at) => (
        <button
          key={option.value}
          type="button"
          role="radio"
          aria-checked={option.value === value}
          tabIndex={option.value === value ? 0 : -1}
          onClick={() => onChange(option.value)}
          onKeyDown={(event) => {
            const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
            if (by === undefined) return
            event.preventDefault()
            const next = (at + by + options.length) % options.length
            const chosen = options[next]
            if (chosen !== undefined) onChange(chosen.value)
            const buttons = event.currentTarget.parentElement?.querySelectorAll('button')
            buttons?.[next]?.focus()
          }}
        >
          {option.text}
        </button>
      ))}
    </div>
  )
}
