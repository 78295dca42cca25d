// What the page itself says, in English and Chinese. What the demo says comes from the demo, in both.

const EN = {
  title: "kube-wecom-eventer · demo",
  demo: "demo",
  skip: "Skip to the group chats",
  tagline: "Kubernetes events, in the right WeCom group",
  gallery: "All built-in messages",
  language: "Language",
  phase_connecting: "Connecting to the demo …",
  phase_starting: "The daemon is starting …",
  phase_day: "A cluster's day: {left} s left",
  phase_staying: "Press a button, and watch the groups",
  phase_draining: "Sending what still waits …",
  phase_ended: "The demo has ended",
  phase_lost: "The demo is gone. Start it again (make demo): this page comes back by itself",
  created: "events",
  selected: "selected by the filters",
  told: "told",
  told_in: "told, in {messages} messages",
  waiting: "waiting",
  refused: "refused",
  median: "median delay",
  no_median: "–",
  try: "Try it",
  events: "Cluster events",
  events_note: "Dimmed: no route selects it",
  groups: "WeCom groups",
  daemon: "The daemon's warnings",
  daemon_quiet: "None so far.",
  view_try: "Try it",
  view_events: "Events",
  view_daemon: "Warnings",
  views: "Views",
  route_own: "namespaces {namespaces} · a template of kube-eventer's",
  route_built_in: "namespaces {namespaces} · built-in {msgtype}",
  gauge: "{used}/20 in 60 s",
  gauge_label: "Messages of this robot in the last 60 seconds; WeCom takes 20",
  waits: "{count} waiting",
  robot: "Event robot",
  bot: "BOT",
  after: "{time} after the event",
  merged_one: "one event, merged",
  repeat: "a repeat, held back for {time}",
  stands_for: "stands for {count} events",
  not_shown: "not shown in the group",
  attempts: "{count} attempts",
  probe: "The daemon asks again in about {left} s",
  probe_now: "The daemon is about to ask again …",
  no_messages: "No message yet.",
  new_below: "↓ New",
  left_out: "… {count} more events …",
  cluster_wide: "cluster",
  picture: "picture",
  file: "file",
  voice: "voice message",
  details: "Details",
  too_large: "a large message, not shown here",
  no_json: "not JSON",
  no_message: "not a message of WeCom's",
  choose: "Each button says here what to look for.",
  not_now: "Not now: it is under way, or the daemon is not ready.",
  failed: "The demo did not answer.",
  action_one_event: "One event",
  hint_one_event: "A pod fails. Look how soon the group knows: some milliseconds, not the next 30 s tick.",
  action_nasty_event: "A nasty event",
  hint_nasty_event: "Quotes, line breaks, <@all>, markup, a script in its text. It arrives as text, and mentions nobody.",
  action_crash_loop: "A crash loop",
  hint_crash_loop: "One pod fails 12 times. It is told once, at once; 30 s later one more message says ×11 (the demo's repeat_interval; 5 min otherwise).",
  action_storm: "A storm of 5,000",
  hint_storm: "One message leaves at once, then digests, 3 s apart and within 20 a minute. Their ×N add up: told reaches selected, nothing is refused.",
  action_wecom_down: "WeCom down",
  action_wecom_down_on: "WeCom up again",
  hint_wecom_down: "Answers are 502. The events wait, merged, and attempts get rarer. Press again: what waited arrives with the next attempt.",
  action_api_restart: "API server restart",
  hint_api_restart: "Connections break, 6 events happen meanwhile. The watch resumes where it was: 6 more are told, none lost, none twice.",
  action_key_revoked: "Revoke a key",
  action_key_revoked_on: "Restore the key",
  hint_key_revoked: "WeCom answers 93000. No storm of retries: the robot is marked broken, said in the log, and asked again after a minute. Its events wait.",
  action_template_broken: "Break a template",
  action_template_broken_on: "Mend the template",
  hint_template_broken: "A typing mistake in the ConfigMap. It costs the layout, not the event: the built-in message goes out, and the log names the line.",
  gallery_title: "All built-in messages",
  gallery_intro: "Made by the daemon's own renderer, as a group sees them. Without a template of your own, messages look like this.",
  gallery_back: "To the demo",
  kind_text: "Shown everywhere, in WeChat too. Can mention people and @all.",
  kind_markdown: "In colours. Can mention people; WeChat does not show it.",
  kind_markdown_v2: "A list, and the event's message in a fence. Mentions nobody.",
  kind_template_card: "A card. Mentions nobody; a digest becomes a text.",
  case_single: "One event",
  case_mentions: "With mentions",
  case_digest: "A digest",
};

const ZH = {
  title: "kube-wecom-eventer · 演示",
  demo: "演示",
  skip: "跳到群聊",
  tagline: "让 Kubernetes 事件准确送达企业微信群",
  gallery: "全部内置消息",
  language: "语言",
  phase_connecting: "正在连接演示……",
  phase_starting: "守护进程正在启动……",
  phase_day: "集群的一天：还剩 {left} 秒",
  phase_staying: "按个按钮，看群里的反应",
  phase_draining: "正在发完剩余的消息……",
  phase_ended: "演示结束了",
  phase_lost: "演示已停止。重新运行 make demo，本页会自动恢复",
  created: "个事件",
  selected: "个符合过滤条件",
  told: "个已通知",
  told_in: "个已通知，共 {messages} 条消息",
  waiting: "个等待中",
  refused: "条被拒收",
  median: "延迟中位数",
  no_median: "–",
  try: "动手试",
  events: "集群事件",
  events_note: "灰色：没有路由选中",
  groups: "企业微信群",
  daemon: "守护进程的警告日志",
  daemon_quiet: "目前没有。",
  view_try: "动手试",
  view_events: "事件",
  view_daemon: "日志",
  views: "视图",
  route_own: "命名空间 {namespaces} · 沿用 kube-eventer 的模板",
  route_built_in: "命名空间 {namespaces} · 内置 {msgtype}",
  gauge: "60 秒内 {used}/20",
  gauge_label: "这个机器人最近 60 秒发的消息数，企业微信的上限是 20 条",
  waits: "{count} 个等待",
  robot: "事件机器人",
  bot: "机器人",
  after: "事件发生后 {time}",
  merged_one: "一个事件，合并发出",
  repeat: "重复的事件，攒了 {time}",
  stands_for: "代表 {count} 个事件",
  not_shown: "群里看不到",
  attempts: "试了 {count} 次",
  probe: "大约 {left} 秒后守护进程再试一次",
  probe_now: "守护进程马上再试……",
  no_messages: "还没有消息。",
  new_below: "↓ 新消息",
  left_out: "…… 还有 {count} 个事件 ……",
  cluster_wide: "集群级",
  picture: "图片",
  file: "文件",
  voice: "语音",
  details: "查看详情",
  too_large: "消息太大，这里不显示",
  no_json: "不是 JSON",
  no_message: "不是企业微信的消息",
  choose: "按下按钮后，这里会说明看什么。",
  not_now: "现在不行：还在进行中，或守护进程还没准备好。",
  failed: "演示没有应答。",
  action_one_event: "一个事件",
  hint_one_event: "一个 Pod 出错。看群里多快知道：几毫秒，而不是等下一个 30 秒。",
  action_nasty_event: "刁钻的事件",
  hint_nasty_event: "文字里有引号、换行、<@all>、标记和脚本。它原样作为文字到达，谁也不会被 @。",
  action_crash_loop: "崩溃循环",
  hint_crash_loop: "同一个 Pod 连续失败 12 次。立刻通知一次；30 秒后再来一条，写着 ×11（演示里的 repeat_interval，默认 5 分钟）。",
  action_storm: "5,000 个事件的风暴",
  hint_storm: "第一条立刻发出，之后是摘要：每 3 秒至多一条，每分钟不超过 20 条。×N 加起来分毫不差：已通知 = 符合条件，没有一条被拒收。",
  action_wecom_down: "企业微信故障",
  action_wecom_down_on: "恢复企业微信",
  hint_wecom_down: "一律返回 502。事件合并等待，重试间隔越来越长。再按一次恢复：下一次重试时，积压的事件一起到达。",
  action_api_restart: "重启 API server",
  hint_api_restart: "连接全部断开，期间又发生 6 个事件。watch 从断点继续：6 个都会通知，不丢也不重复。",
  action_key_revoked: "吊销 key",
  action_key_revoked_on: "恢复 key",
  hint_key_revoked: "企业微信返回 93000。不会疯狂重试：标记机器人不可用，写入日志，一分钟后再试；它的事件一直等着。",
  action_template_broken: "改坏模板",
  action_template_broken_on: "改好模板",
  hint_template_broken: "ConfigMap 里有个拼写错误。受影响的只是样式，事件不会丢：改发内置消息，日志指出是哪一行。",
  gallery_title: "全部内置消息",
  gallery_intro: "由守护进程自己的渲染代码生成，与群里看到的一致。没有自定义模板时，消息就是这样。",
  gallery_back: "回到演示",
  kind_text: "各端都能显示，包括微信。可以 @ 成员和 @all。",
  kind_markdown: "带颜色。可以 @ 成员；微信里不显示。",
  kind_markdown_v2: "列表，事件消息在代码块里。不能 @ 人。",
  kind_template_card: "卡片。不能 @ 人；摘要改用 text。",
  case_single: "单个事件",
  case_mentions: "提醒成员",
  case_digest: "摘要",
};

const LANGUAGES = { en: EN, zh: ZH };
const STORED = "kube-wecom-eventer.lang";
let current = "en";
let chosen = false;

export const language = () => current;

/** A sentence of the page's own; names in braces are filled in. */
export function t(key, values = {}) {
  const words = LANGUAGES[current][key] ?? key;
  return words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Of a text that came in both languages, the one that is read. */
export const either = (texts) => texts?.[current] ?? texts?.en ?? "";

export const number = (value) => value.toLocaleString("en-US");

/** Seconds or milliseconds, as a person says it. */
export function duration(milliseconds) {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}

function stored() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

/** Choose the language: the address's, else what was chosen before, else the command's, else the browser's. */
export function startLanguage() {
  const wished = new URLSearchParams(location.search).get("lang") ?? stored();
  chosen = wished in LANGUAGES;
  setLanguage(chosen ? wished : navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
}

/** Follow --lang, unless the reader has chosen; returns whether that changed the language. */
export function followCommand(lang) {
  if (chosen || !(lang in LANGUAGES) || lang === current) return false;
  setLanguage(lang);
  return true;
}

/** The reader's own choice. */
export function chooseLanguage(lang) {
  chosen = true;
  try {
    localStorage.setItem(STORED, lang);
  } catch {
    // A browser that stores nothing forgets the choice, that is all.
  }
  setLanguage(lang);
}

function setLanguage(lang) {
  current = lang;
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  document.title = t(document.documentElement.dataset.title ?? "title");
  for (const each of document.querySelectorAll("[data-t]")) each.textContent = t(each.dataset.t);
  for (const each of document.querySelectorAll("[data-t-label]")) each.setAttribute("aria-label", t(each.dataset.tLabel));
  for (const each of document.querySelectorAll("[data-lang]")) {
    each.setAttribute("aria-pressed", String(each.dataset.lang === lang));
  }
}
