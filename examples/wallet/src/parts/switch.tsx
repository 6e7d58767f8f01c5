interface Props {
  label: string
  isOn: boolean
  onChange: (isOn: boolean) => void
  disabled?: boolean
  tone?: 'good' | 'bad'
  /** Said to screen readers in place of the label, where several switches have the same. */
  name?: string
}

export function Switch({ label, isOn, onChange, disabled = false, tone = 'good', name = label }: Props) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={isOn}
      aria-label={name}
      className="switch"
      data-tone={tone}
      disabled={disabled}
      onClick={() => onChange(!isOn)}
    >
      <span className="switch-track" aria-hidden>
        <span className="switch-knob" />
      </span>
      <span>{label}</span>
    </button>
  )
}
