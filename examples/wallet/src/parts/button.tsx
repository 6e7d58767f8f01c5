import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'plain' | 'primary' | 'danger' | 'ghost'
  size?: 'small' | 'normal'
  icon?: ReactNode
  ref?: Ref<HTMLButtonElement>
}

export function Button({ look = 'plain', size = 'normal', icon, children, className = '', ...rest }: Props) {
  return (
    <button type="button" {...rest} className={`button ${className}`} data-look={look} data-size={size}>
      {icon}
      {children !== undefined && <span>{children}</span>}
    </button>
  )
}
