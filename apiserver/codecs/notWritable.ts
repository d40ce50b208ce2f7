// A value that a media type has no form for, such as a custom resource in protobuf: answered 406.
// Thrown by the encoders of mediaTypes.ts, told to the client by server.ts like any refusal.
import { StatusError } from '../../apimachinery/status.ts';

export class NotWritable extends StatusError {
  constructor(message: string) {
    super({ code: 406, reason: 'NotAcceptable', message });
  }
}
