import { launchBrowser } from "/work/main/test/e2e/host/browser.ts";
import * as w from "/work/main/test/e2e/host/workbench.ts";
const t0=Date.now(); const log=(...m:unknown[])=>console.log(((Date.now()-t0)/1000).toFixed(1),...m);
const browser = await launchBrowser();
const page = await browser.newPage({viewport:{width:1280,height:800}});
page.on("requestfailed", r=>log("failed", r.url().slice(0,150)));
page.on("console", r=>/salsa/i.test(r.text())&&log("console", r.text().slice(0,300)));
try {
await w.openWorkbench(page, process.argv[2]!); log("ready");
await w.openFile(page,"demo.salsa.json"); log("file");
await w.openView(page,"SALSA"); log("view");
await w.runCommand(page,"SALSA: Open Dashboard"); log("dashboard");
await w.webview(page).locator("salsa-dashboard").waitFor(); log("webview");
await w.screenshot(page,"try1");
await w.runCommand(page,"SALSA: Run Config"); log("run");
await w.screenshot(page,"try2");
if (await w.quickInput(page).isVisible()) await w.pick(page,"demo.salsa.json");
await w.statusItem(page,/SALSA|%|·/).waitFor(); 
await w.treeRow(page,/demo-1/).waitFor(); log("row");
await page.waitForTimeout(15000);
await w.screenshot(page,"try3"); log(await page.locator(".statusbar-item").allTextContents());
} catch(e){ await w.screenshot(page,"fail"); console.error(e);} finally { await browser.close(); }
