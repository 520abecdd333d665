/** How operations end badly, and what each end tells of itself, for `docs/codes.md`. */
export const ENDS_HEAD = ['how it ended', 'of what', 'beside code, sentence and trace'];

export const ENDS: string[][] = [
  [
    'a deployment `RolledBack`; `Failed`, when it was not to go back',
    '`HealthGateUnhealthy`, `…NoData`, `…CrashLoop`',
    'component, evidence and probes, exit, log',
  ],
  ['the same', '`PortsExhausted`, `SecretNotFound`', 'component; nothing was started'],
  ['the same', '`ProgressDeadlineExceeded`', 'what it was held by; else component, evidence and probes, exit, log'],
  [
    'a deployment `Failed` before it had touched anything',
    '`ImageNotFound`, `ServiceGone`, `ConfigurationMissing`, …',
    'component, where one is named',
  ],
  [
    'a deployment `RollbackFailed`',
    'the first reason; the sentence has both',
    'as above; the component that could not go back has the second reason, as whole',
  ],
  [
    '`Canceled`, `Superseded`, `Rejected`; `RolledBack` by a command',
    '`OperationAborted`, `…Superseded`, `ApprovalRejected`, …',
    'nothing: the sentence says who and why, no component is at fault',
  ],
  ['`Expired`', '`ApprovalExpired`, `DeadlineExceeded`', 'the approval, or what it was held by'],
  [
    '`Failed` or `RollbackFailed` from outside',
    '`DeadlineExceeded`, `OperationTerminated`, `…Canceled`',
    'what it was held by; of a deadline also the component it was at, and why it stood there',
  ],
  [
    'a provision or a scan `Failed`',
    '`ProgressDeadlineExceeded` …',
    "what it was held by, and of a stack the engine's lines; there is no component",
  ],
  ['a decommission `Failed` (`DecommissionBlocked`)', 'the same', 'the same, and what is left'],
];
