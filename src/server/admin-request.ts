/** The request by which an admin changes something, as the audit trail has it. */
export interface AdminRequest {
  readonly requestId: string;
  readonly address: string | null;
}
