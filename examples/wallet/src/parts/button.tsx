import type { ButtonHTMLAttributes, ReactNode } from 'react'

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'plain' | 'primary' | 'danger' | 'ghost'
  size?: 'small' | 'normal'
  icon?: ReactNode
}

export function Button({ look = 'plain', size = 'normal', icon, children, className = '', ...rest }: Props) {
  return (
    <button type="button" className={`button ${className}`} data-look={look} data-size={size} {...rest}>
      {icon}
      {children !== undefined && <span>{children}</span>}
    </button>
  )
}
