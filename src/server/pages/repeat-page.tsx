/**
 * One more chance for a callback that came without its flow cookie (SI-9). Sent from this page the same GET is
 * same-site, and a browser that kept the cookie back from the provider's redirect sends it now. The script sends
 * the form by itself; without script the button does.
 */
import type { FC } from "hono/jsx";
import { type Frame, Layout } from "./layout.js";

export const RepeatPage: FC<{ frame: Frame; action: string; fields: readonly (readonly [string, string])[] }> = (
  props,
) => (
  <Layout frame={props.frame} title={props.frame.messages.repeat.title}>
    <section class="card">
      <h1>{props.frame.messages.repeat.title}</h1>
      <p class="lead">{props.frame.messages.repeat.lead}</p>
      <form method="get" action={props.action} data-send>
        {props.fields.map(([name, value]) => (
          <input key={name} type="hidden" name={name} value={value} />
        ))}
        <p class="actions">
          <button class="button main" type="submit">
            {props.frame.messages.repeat.button}
          </button>
        </p>
      </form>
    </section>
  </Layout>
);
