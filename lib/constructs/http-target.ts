import { SecretValue } from "aws-cdk-lib";
import {
  ApiDestination,
  Authorization,
  Connection,
  HttpMethod,
  HttpParameter,
} from "aws-cdk-lib/aws-events";
import { Construct } from "constructs";
import type { HttpAuth, HttpTarget } from "../config/route-targets.ts";

/** EventBridge's own limit of calls a second to one API destination. */
const CALLS_PER_SECOND = 300;

export interface HttpEndpointProps {
  readonly target: HttpTarget;
  /** Of the connection and of the API destination. */
  readonly name: string;
}

/**
 * An HTTP endpoint as EventBridge calls it: the connection has the credential, the API destination the address and the
 * rate. CloudFormation reads the secret at each deployment that changes the connection, and EventBridge keeps a copy in
 * a secret of its own.
 */
export class HttpEndpoint extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, { target, name }: HttpEndpointProps) {
    super(scope, id);
    const { url, method = "POST", auth, perSecond = CALLS_PER_SECOND } = target.http;
    const connection = new Connection(this, "Connection", {
      connectionName: name,
      authorization: authorizationOf(auth),
    });
    const destination = new ApiDestination(this, "Destination", {
      apiDestinationName: name,
      connection,
      endpoint: url,
      httpMethod: HttpMethod[method],
      rateLimitPerSecond: perSecond,
    });
    this.arn = destination.apiDestinationArn;
  }
}

function authorizationOf(auth: HttpAuth): Authorization {
  if ("basic" in auth) {
    const { secret } = auth.basic;
    return Authorization.basic(reference(secret, "username"), valueOf(secret, "password"));
  }
  if ("apiKey" in auth) {
    const { header, secret } = auth.apiKey;
    return Authorization.apiKey(header, valueOf(secret, "apiKey"));
  }
  const { tokenUrl, scope, secret } = auth.oauth;
  return Authorization.oauth({
    authorizationEndpoint: tokenUrl,
    httpMethod: HttpMethod.POST,
    clientId: reference(secret, "clientId"),
    clientSecret: valueOf(secret, "clientSecret"),
    bodyParameters: {
      grant_type: HttpParameter.fromString("client_credentials"),
      ...(scope !== undefined && { scope: HttpParameter.fromString(scope) }),
    },
  });
}

function valueOf(secret: string, jsonField: string): SecretValue {
  return SecretValue.secretsManager(secret, { jsonField });
}

/** What the template says in the place of a value: which secret has it. */
function reference(secret: string, jsonField: string): string {
  return valueOf(secret, jsonField).unsafeUnwrap();
}
