/** A link on another site asked to connect a tool server: the person says whether that is what they want (TS-12, AT-43). */
import type { FC } from "hono/jsx";
import { type Frame, Layout } from "./layout.js";

export interface ConnectPageView {
  readonly name: string;
  /** `tool:<id>` */
  readonly connection: string;
  /** As it came; it is checked where it is used. */
  readonly returnTo: string | null;
}

export const ConnectPage: FC<{ frame: Frame; view: ConnectPageView }> = ({ frame, view }) => {
  const words = frame.messages.connect;
  const action = `${frame.site.basePath}/account/connections/${encodeURIComponent(view.connection)}/connect`;
  return (
    <Layout frame={frame} title={words.title(view.name)}>
      <section class="card">
        <h1>{words.title(view.name)}</h1>
        <p class="lead">{words.lead(view.name, frame.site.name)}</p>
        <form method="post" action={action}>
          {view.returnTo !== null && <input type="hidden" name="return_to" value={view.returnTo} />}
          <p class="actions">
            <button class="button main" type="submit">
              {words.go(view.name)}
            </button>
            <a class="button" href={`${frame.site.basePath}/account`}>
              {frame.messages.leaving.back}
            </a>
          </p>
        </form>
      </section>
    </Layout>
  );
};
