import { Radio } from '@base-ui/react/radio'
import { RadioGroup } from '@base-ui/react/radio-group'
import type { ReactElement } from 'react'

interface Option<T extends string> {
  value: T
  text: string
  /** Shown in place of the text, which is then its name. */
  icon?: ReactElement
}

interface Props<T extends string> {
  label: string
  options: readonly Option<T>[]
  value: T
  onChange: (value: T) => void
}

/** A choice of few, all in sight: one stop of the tab key, arrows inside. */
export function Segmented<T extends string>({ label, options, value, onChange }: Props<T>) {
  return (
    <RadioGroup className="segmented" aria-label={label} value={value} onValueChange={(next) => onChange(next as T)}>
      {options.map(({ value: one, text, icon }) => (
        <Radio.Root
          key={one}
          value={one}
          nativeButton
          render={<button type="button" />}
          aria-label={icon === undefined ? undefined : text}
          title={icon === undefined ? undefined : text}
        >
          {icon ?? text}
        </Radio.Root>
      ))}
    </RadioGroup>
  )
}
