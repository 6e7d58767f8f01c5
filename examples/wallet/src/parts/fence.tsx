import { Component, type ReactNode } from 'react'
import { TEXT } from '../text/en'
import { Button } from './button'
import { Notice } from './notice'

/** A screen that fails says so in its place; the rest of the window stays. */
export class Fence extends Component<{ children: ReactNode }, { reason: string | null }> {
  override state = { reason: null }

  static getDerivedStateFromError(error: unknown): { reason: string } {
    return { reason: error instanceof Error ? error.message : String(error) }
  }

  override render(): ReactNode {
    const { reason } = this.state
    if (reason === null) return this.props.children
    const again = (
      <Button size="small" onClick={() => this.setState({ reason: null })}>
        {TEXT.app.tryAgain}
      </Button>
    )
    return (
      <div className="screen">
        <Notice tone="bad" action={again}>
          {TEXT.app.screenFailed(reason)}
        </Notice>
      </div>
    )
  }
}
