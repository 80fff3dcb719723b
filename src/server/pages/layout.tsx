/** The frame around every page: one landmark, one heading, no request to any other origin. */
import type { Child, FC } from "hono/jsx";
import type { Web } from "../env.js";
import type { Messages } from "./messages.js";

/** What a page needs besides its own content. */
export interface Frame extends Pick<Web, "site" | "assets"> {
  /** The words of the page, in the language of the one who reads it. */
  readonly messages: Messages;
}

const icon =
  "data:image/svg+xml," +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#3f7fdf" stroke-width="2.2" stroke-linecap="round"><circle cx="8" cy="12" r="4.5"/><path d="M12.5 12H22M18 12v4"/></svg>',
  );

const Mark: FC = () => (
  <svg
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="2.2"
    stroke-linecap="round"
    aria-hidden="true"
  >
    <circle cx="8" cy="12" r="4.5" />
    <path d="M12.5 12H22M18 12v4" />
  </svg>
);

export const Layout: FC<{ frame: Frame; title: string; wide?: boolean; children?: Child }> = (props) => {
  const { site, assets, messages } = props.frame;
  return (
    <html lang={messages.language} dir={messages.direction}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>{messages.title(props.title, site.name)}</title>
        <link rel="icon" href={icon} />
        <link rel="stylesheet" href={`${site.basePath}/assets/${assets.style.name}`} />
        {assets.extra && <link rel="stylesheet" href={`${site.basePath}/assets/${assets.extra.name}`} />}
        <script src={`${site.basePath}/assets/${assets.script.name}`} defer></script>
      </head>
      <body>
        <a class="skip" href="#content">
          {messages.skipToContent}
        </a>
        <div class={props.wide ? "wide" : "narrow"}>
          <header class="brand">
            {site.logo === null ? <Mark /> : <img class="logo" src={site.logo} alt="" />}
            <span>{site.name}</span>
          </header>
          <main id="content">{props.children}</main>
          {site.links.length > 0 && (
            <footer>
              <ul class="links">
                {site.links.map(({ label, url }) => (
                  <li>
                    <a href={url}>{label}</a>
                  </li>
                ))}
              </ul>
            </footer>
          )}
        </div>
      </body>
    </html>
  );
};
