"""Starts the local emulator for docuthinker: ministack with the resource types it lacks.

This is an emulator. It keeps records of resources and runs nothing; nothing here talks to AWS.

Environment:
  DOCUTHINKER_EMULATOR_PORT      port on 127.0.0.1; 0 takes a free one
  DOCUTHINKER_EMULATOR_TOKEN     what the health answer repeats, so that we recognise our own process
  DOCUTHINKER_EMULATOR_LOG       file that our output goes to; only passed on
  DOCUTHINKER_EMULATOR_STATE     file that says who and where we are, once we listen; written by us, so that we are
                                 known even if whoever started us is gone by then
  DOCUTHINKER_EMULATOR_DELAY_MS  how long each resource takes, in milliseconds
  DOCUTHINKER_EMULATOR_FAULTS    JSON file {"create|update|delete:LogicalId": "reason"}, read at each operation
"""

import asyncio
import importlib
import json
import os
import signal
import socket
import sys
import threading
import time

MINISTACK_VERSION = "1.5.33"
HOST = "127.0.0.1"
HEALTH_PATH = "/_docuthinker/health"

# The emulator's private names that we use. They may change with any version, hence the exact pin and this list.
PRIVATE_NAMES = {
    "ministack.app": ["app"],
    "ministack.services.cloudformation.provisioners": [
        "_RESOURCE_HANDLERS",
        "_ec2_apply_tags",
        "_ec2_sg_permissions",
    ],
    "ministack.services.cloudformation.stacks": [
        "_runs_on_worker_thread",
        "_provision_resource",
        "_update_resource",
        "_delete_resource",
    ],
    "ministack.services.ec2": [
        "_addresses",
        "_egress_igws",
        "_flow_logs",
        "_nat_gateways",
        "_network_acls",
        "_now_ts",
        "_security_groups",
        "_subnets",
        "_tags",
        "_vpcs",
    ],
    "ministack.services.ecs": ["_clusters"],
    "ministack.services.iam": ["_roles"],
    "ministack.services.secretsmanager": ["_resource_policies"],
    "ministack.services.waf": ["_associations"],
    "ministack.core.responses": ["get_account_id", "get_region"],
}


def fail(message):
    print(f"docuthinker emulator: {message}", file=sys.stderr, flush=True)
    sys.exit(3)


def listening_socket():
    """Binds before anything else, so that a free port cannot be taken by somebody else in between."""
    port = int(os.environ.get("DOCUTHINKER_EMULATOR_PORT", "0"))
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        fail(f"port {port} of {HOST} cannot be used: {error.strerror}")
    listener.listen(128)
    return listener


def check_version_and_names():
    try:
        from importlib.metadata import version

        found = version("ministack")
    except Exception as error:  # whatever is wrong with the installation, its message is the answer
        fail(f"ministack is not installed: {error}")
    missing = []
    for module, names in PRIVATE_NAMES.items():
        try:
            loaded = importlib.import_module(module)
        except ImportError as error:
            missing.append(f"{module} ({error})")
            continue
        missing += [f"{module}.{name}" for name in names if not hasattr(loaded, name)]
    if found != MINISTACK_VERSION or missing:
        lacking = f"; it lacks {', '.join(missing)}" if missing else ""
        fail(f"ministack {MINISTACK_VERSION} is needed and {found} is installed{lacking}")


class Hooks:
    """Delays and injected failures, around every resource operation of CloudFormation."""

    def __init__(self, environment):
        self.delay = float(environment.get("DOCUTHINKER_EMULATOR_DELAY_MS") or 0) / 1000
        self.faults = environment.get("DOCUTHINKER_EMULATOR_FAULTS")

    def before(self, verb, logical_id):
        if self.delay:
            time.sleep(self.delay)
        if self.faults and os.path.exists(self.faults):
            with open(self.faults, encoding="utf-8") as file:
                reason = json.load(file).get(f"{verb}:{logical_id}")
            if reason:
                raise ValueError(reason)

    def install(self, stacks):
        provision, update, delete = stacks._provision_resource, stacks._update_resource, stacks._delete_resource

        def hooked_provision(resource_type, logical_id, *rest):
            self.before("create", logical_id)
            return provision(resource_type, logical_id, *rest)

        def hooked_update(resource_type, physical_id, old, new, stack_name, logical_id=None, *rest):
            if old != new:
                self.before("update", logical_id)
            return update(resource_type, physical_id, old, new, stack_name, logical_id, *rest)

        def hooked_delete(resource_type, physical_id, properties, stack_name=None, logical_id=None):
            self.before("delete", logical_id)
            return delete(resource_type, physical_id, properties, stack_name, logical_id)

        stacks._provision_resource = hooked_provision
        stacks._update_resource = hooked_update
        stacks._delete_resource = hooked_delete
        if self.delay:
            # Keeps the server answering while a resource "works".
            stacks._runs_on_worker_thread = lambda resource_type: True


def with_health(emulator):
    """Answers our own health question, and hands everything else to the emulator."""
    answer = json.dumps(
        {
            "emulator": "ministack",
            "version": MINISTACK_VERSION,
            "pid": os.getpid(),
            "token": os.environ.get("DOCUTHINKER_EMULATOR_TOKEN", ""),
        }
    ).encode()

    async def application(scope, receive, send):
        if scope["type"] == "http" and scope["path"] == HEALTH_PATH:
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": answer})
            return
        await emulator(scope, receive, send)

    return application


async def serve(application, listener):
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = "WARNING"
    stop = asyncio.Event()

    def stopping():
        stop.set()
        # A request that never ends must not keep us: there is nothing here worth saving.
        deadline = threading.Timer(1.5, os._exit, [0])
        deadline.daemon = True
        deadline.start()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping)
    await hypercorn_serve(application, config, shutdown_trigger=stop.wait)


def write_state(port):
    path = os.environ.get("DOCUTHINKER_EMULATOR_STATE")
    if not path:
        return
    state = {
        "port": port,
        "pid": os.getpid(),
        "version": MINISTACK_VERSION,
        "log": os.environ.get("DOCUTHINKER_EMULATOR_LOG", ""),
        "token": os.environ.get("DOCUTHINKER_EMULATOR_TOKEN", ""),
    }
    descriptor = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(state, file)
    os.replace(path + ".new", path)


def main():
    # The terminal that started us may go away.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    listener = listening_socket()
    port = listener.getsockname()[1]
    # The emulator reads these while it is imported, to build the addresses it hands out.
    os.environ["GATEWAY_PORT"] = str(port)
    os.environ["BIND_HOST"] = HOST
    # It would start containers through a Docker socket; an emulator of records has no use for them.
    os.environ["DOCKER_HOST"] = "unix:///nonexistent"
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    check_version_and_names()
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import resources
    from ministack import app
    from ministack.services.cloudformation import stacks

    resources.register()
    Hooks(os.environ).install(stacks)
    write_state(port)
    print(f"docuthinker emulator: ministack {MINISTACK_VERSION} on http://{HOST}:{port} (not AWS)", flush=True)
    asyncio.run(serve(with_health(app.app), listener))


if __name__ == "__main__":
    main()
