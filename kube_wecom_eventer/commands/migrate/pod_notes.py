"""What is said of the Deployment around the args, and of what comes after."""

from __future__ import annotations

from collections.abc import Sequence

from kube_wecom_eventer.commands.migrate.notes import Note

TOLD_AT_ONCE = Note(
    zh="事件立即发送，不再攒 30 秒；同一对象、同一原因、同样内容 5 分钟内只发一次（repeat_interval=0 则每次都发）；"
    "每个机器人一分钟超过 20 条时合并成摘要，不丢。",
    en="Events are told at once, not every 30 s. The same object, reason and message are told once in 5 minutes "
    "(repeat_interval=0 tells each update). What exceeds 20 messages a minute for a robot is merged into digests.",
)

COMMAND_DROPPED = Note(
    zh="没有 command：镜像自己的入口就是守护进程。原来的 command 若照抄也能用（镜像里有 /kube-eventer）。",
    en="No command: the image's own entrypoint is the daemon. (The old command would work, too: it has /kube-eventer.)",
    kind="why",
)


def moved_to_secret(secret: str) -> Note:
    """Keys left the args, and variables in plain text."""
    return Note(
        zh=f"密钥移到了 Secret {secret}，由 kubelet 放进环境变量：守护进程因此不需要任何读取 Secret 的权限。",
        en=f"Keys moved to the Secret {secret}. The kubelet puts them into the environment, so the "
        "daemon needs no right to read Secrets.",
        kind="why",
    )


def secret_by_command(command: str) -> Note:
    """The Secret is to be made by hand."""
    return Note(
        zh="先创建 Secret（把 ... 换成完整的值）：",
        en="First create the Secret (write the whole values for the dots):",
        command=command,
        kind="todo",
    )


SCALED_TO_ZERO = Note(
    zh="原 Deployment 的副本数是 0，这里照样；要运行请改成 1。",
    en="The Deployment was scaled to 0, and so is this one; write 1 to run it.",
    kind="todo",
)

RECREATE = Note(
    zh="旧 Pod 记下进度之后新 Pod 才开始，不会重复发送。",
    en="The old pod notes how far it has come before the new one begins, so nothing is told twice.",
    kind="why",
)


def probes_replaced(kinds: Sequence[str]) -> Note:
    """The user's probes."""
    listed = ", ".join(kinds)
    return Note(
        zh=f"原来的 {listed} 换成了这里的：/healthz 表示进程在工作，/readyz 表示事件读得到；镜像里没有 curl、wget。",
        en=f"These replace the {listed} from before: /healthz says that the process works, /readyz that events can be "
        "read; the image has no curl or wget.",
    )


def volumes_dropped(paths: Sequence[str]) -> Note:
    """Volumes for the time zone."""
    listed = ", ".join(paths)
    return Note(
        zh=f"去掉了 {listed} 的挂载：时区由环境变量 TZ 决定，镜像自带时区数据。",
        en=f"No longer mounted: {listed}. TZ decides the zone, and the image has the zones' data.",
    )


TIME_ZONE = Note(
    zh="原来没有 TZ，用的是 kube-eventer 镜像或主机的时区；不是东八区请改这里。",
    en="TZ was not set, so the zone was that of kube-eventer's image or of the machine; write another one if it was.",
)


def trust_store(path: str) -> Note:
    """A mounted trust store that is not read."""
    return Note(
        zh=f"挂载了 {path}：守护进程不读系统证书目录；"
        "公司 CA 请在 sink 里写 ca_file=PEM 文件路径，或设置 SSL_CERT_FILE。",
        en=f"{path} is mounted, but the daemon does not read the system's certificates: for a company's CA write "
        "ca_file=PEM-FILE in the sink, or set SSL_CERT_FILE.",
        kind="todo",
    )


def unprivileged(path: str | None) -> Note:
    """A file of the host that only root may read."""
    where = path or ""
    return Note(
        zh=f"以 65532 用户运行，不再是 root：请确认 {where} 对它可读。",
        en=f"It runs as user 65532, no longer as root: make sure that it may read {where}.",
        kind="todo",
    )


SECURITY = Note(
    zh="不以 root 运行，根文件系统只读，符合 Pod 安全标准 restricted。",
    en="Not as root, with a read-only root file system, as the Pod Security Standard 'restricted' asks.",
    kind="why",
)


def managed_labels(names: Sequence[str]) -> Note:
    """Labels and annotations by which another tool owns the object."""
    listed = ", ".join(names)
    return Note(
        zh=f"没有带过来（属于 Helm、Argo CD 等工具，否则会被它们当作自己的对象）：{listed}",
        en=f"Left out, because other tools (Helm, Argo CD ...) would take the object for theirs: {listed}",
    )


def selector_changed(names: Sequence[str]) -> Note:
    """The labels of the pods that select them."""
    listed = ", ".join(names)
    return Note(
        zh=f"标签 {listed} 换了值，旧 Deployment 和 Service 不会选中新 Pod，两者可以并行运行。",
        en=f"{listed} changed, so that the old Deployment and its Services don't select the new pods: both may run.",
        kind="why",
    )


def little_memory(limit: str) -> Note:
    """A small memory limit."""
    return Note(
        zh=f"内存上限 {limit} 是给 kube-eventer 定的，留意是否够用；这里自己的清单用 256Mi。",
        en=f"The limit of {limit} was made for kube-eventer: see whether it is enough; our own manifests give 256Mi.",
        kind="todo",
    )


RIGHTS_OF_KUBECONFIG = Note(
    zh="--source 用 kubeconfig 连接 API server，权限来自其中的用户，所以这里没有 RBAC；"
    "没有检查点，重启期间的事件会漏：可加 --checkpoint=configmap:NAME，并给该用户相应权限。",
    en="--source names a kubeconfig, so the rights are those of its user, and there is no RBAC here. There is no "
    "checkpoint either, so a restart loses events: add --checkpoint=configmap:NAME, and grant that user what it needs.",
    kind="todo",
)


def side_by_side(old: str, namespace: str) -> Note:
    """What to do when all is well."""
    return Note(
        zh="应用之后两者会同时发送。确认无误后停掉旧的：",
        en="Once applied, both tell events. When you are content, stop the old one:",
        command=f"kubectl -n {namespace} scale deployment/{old} --replicas=0",
        kind="todo",
    )


IMAGE_ASSUMED = Note(
    zh="换成你的镜像仓库里的名字，或用 --image= 指定。",
    en="Write your registry's name of the image, or say it by --image=.",
    kind="todo",
)

KEYS_IN_CLEAR = Note(
    zh="这个对象里有密钥，不要提交到 Git；--secrets=command 可以不输出它。",
    en="This object holds keys and is not for Git; --secrets=command leaves it out.",
    kind="why",
)


def namespace_assumed(namespace: str) -> Note:
    """The input names no namespace."""
    return Note(
        zh=f"输入里没写命名空间，按 {namespace} 处理；若不是，请用 --namespace= 指定。",
        en=f"The input names no namespace, so {namespace} is assumed; if it is another one, say so by --namespace=.",
        kind="todo",
    )


def host_network(port: int) -> Note:
    """The pod has the machine's network, and so has the old one."""
    return Note(
        zh=f"hostNetwork：新旧两个都要用机器的 {port} 端口，并行期间不能在同一台机器上；"
        "要么用 --healthz-port= 换一个端口。",
        en=f"hostNetwork: both need the machine's port {port}, so they can't run on one machine; or write another "
        "--healthz-port=.",
        kind="todo",
    )
