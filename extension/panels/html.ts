/** Parameters of the dashboard's page. */
export interface PageSettings {
  /** Where the web view finds them. */
  readonly script: string;
  readonly style: string;
  /** Where the web view takes its files from, as a content security policy names it. */
  readonly cspSource: string;
  readonly nonce: string;
  /** "en", "de" */
  readonly language: string;
  readonly title: string;
}

/** The dashboard's page. Nothing runs but our script, and nothing is loaded but our files. */
export function dashboardHtml({ script, style, cspSource, nonce, language, title }: PageSettings): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `font-src ${cspSource}`,
    `img-src ${cspSource} data: blob:`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  // Icons of @vscode-elements look for a style sheet with that id.
  return `<!DOCTYPE html>
<html lang="${attribute(language)}">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
<title>${attribute(title)}</title>
<link rel="stylesheet" id="vscode-codicon-stylesheet" nonce="${nonce}" href="${attribute(style)}">
</head>
<body>
<script type="module" nonce="${nonce}" src="${attribute(script)}"></script>
</body>
</html>
`;
}

function attribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
