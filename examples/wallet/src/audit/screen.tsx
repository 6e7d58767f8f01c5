import { useDevices } from '../device/devices'
import { TEXT } from '../text/en'
import { AuditCard } from './audit-card'
import { BackupCard } from './backup-card'
import { RehearsalCard } from './rehearsal-card'
import { useProof } from './use-proof'

/** Whether the backup is one: what the nodes hold, a restore that is only rehearsed, and a file beside them. */
export function AuditScreen() {
  const { shown } = useDevices()
  const proof = useProof(shown.account)
  return (
    <div className="screen audit">
      <p className="hint">{TEXT.audit.hint}</p>
      <AuditCard underWay={proof.underWay} report={proof.report} onAudit={proof.audit} onRepair={proof.repair} />
      <div className="pair">
        <RehearsalCard underWay={proof.underWay} rehearsed={proof.rehearsed} rehearsal={proof.rehearsal} onRehearse={proof.rehearse} />
        <BackupCard session={shown} />
      </div>
    </div>
  )
}
