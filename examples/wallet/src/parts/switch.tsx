import { Switch as Base } from '@base-ui/react/switch'

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
    <Base.Root
      nativeButton
      render={<button type="button" />}
      className="switch"
      aria-label={name}
      data-tone={tone}
      checked={isOn}
      disabled={disabled}
      onCheckedChange={onChange}
    >
      <span className="switch-track" aria-hidden>
        <Base.Thumb className="switch-knob" />
      </span>
      <span>{label}</span>
    </Base.Root>
  )
}
