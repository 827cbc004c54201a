"""AlertPolicyService and NotificationChannelService over gRPC."""

from __future__ import annotations

from typing import Any

import grpc
from google.cloud import monitoring_v3
from google.protobuf import empty_pb2

from local.monitoring.alerting import channels, listing
from local.monitoring.alerting.configuration import Configuration, found
from local.monitoring.calls import handlers, project_of

POLICIES = "google.monitoring.v3.AlertPolicyService"
CHANNELS = "google.monitoring.v3.NotificationChannelService"


class AlertPolicyService:
    """Every call that there is."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def handlers(self) -> grpc.GenericRpcHandler:
        return handlers(
            POLICIES,
            {
                "ListAlertPolicies": (self.list, "ListAlertPoliciesRequest"),
                "GetAlertPolicy": (self.get, "GetAlertPolicyRequest"),
                "CreateAlertPolicy": (self.create, "CreateAlertPolicyRequest"),
                "UpdateAlertPolicy": (self.update, "UpdateAlertPolicyRequest"),
                "DeleteAlertPolicy": (self.delete, "DeleteAlertPolicyRequest"),
            },
        )

    def list(self, request: Any, _: Any) -> Any:
        place = f"projects/{project_of(request.name)}/"
        with self._configuration.memory.lock:
            all_ = [one for one in self._configuration.policies.values() if _in(one, place)]
        kept = listing.listed(all_, request.filter, request.order_by)
        some, token = listing.page(kept, request.page_size, request.page_token)
        return monitoring_v3.ListAlertPoliciesResponse.pb()(
            alert_policies=some, next_page_token=token, total_size=len(kept)
        )

    def get(self, request: Any, _: Any) -> Any:
        return found(self._configuration.policies, request.name)

    def create(self, request: Any, _: Any) -> Any:
        project = project_of(request.name)
        return self._configuration.create_policy(project, request.alert_policy)

    def update(self, request: Any, _: Any) -> Any:
        return self._configuration.update_policy(request.alert_policy, request.update_mask)

    def delete(self, request: Any, _: Any) -> Any:
        self._configuration.delete_policy(request.name)
        return empty_pb2.Empty()


class NotificationChannelService:
    """Channels and their kinds; verification by code is left out: nothing is ever sent here."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def handlers(self) -> grpc.GenericRpcHandler:
        kinds = "NotificationChannelDescriptor"
        return handlers(
            CHANNELS,
            {
                f"List{kinds}s": (self.list_kinds, f"List{kinds}sRequest"),
                f"Get{kinds}": (self.get_kind, f"Get{kinds}Request"),
                "ListNotificationChannels": (self.list, "ListNotificationChannelsRequest"),
                "GetNotificationChannel": (self.get, "GetNotificationChannelRequest"),
                "CreateNotificationChannel": (self.create, "CreateNotificationChannelRequest"),
                "UpdateNotificationChannel": (self.update, "UpdateNotificationChannelRequest"),
                "DeleteNotificationChannel": (self.delete, "DeleteNotificationChannelRequest"),
            },
        )

    def list_kinds(self, request: Any, _: Any) -> Any:
        project = project_of(request.name)
        kinds = [channels.descriptor(kind, project) for kind in channels.KINDS.values()]
        some, token = listing.page(kinds, request.page_size, request.page_token)
        return monitoring_v3.ListNotificationChannelDescriptorsResponse.pb()(
            channel_descriptors=some, next_page_token=token
        )

    def get_kind(self, request: Any, _: Any) -> Any:
        kind = found(channels.KINDS, request.name.rpartition("/")[2])
        return channels.descriptor(kind, project_of(request.name))

    def list(self, request: Any, _: Any) -> Any:
        place = f"projects/{project_of(request.name)}/"
        with self._configuration.memory.lock:
            all_ = [one for one in self._configuration.channels.values() if _in(one, place)]
        kept = [
            channels.shown(one) for one in listing.listed(all_, request.filter, request.order_by)
        ]
        some, token = listing.page(kept, request.page_size, request.page_token)
        return monitoring_v3.ListNotificationChannelsResponse.pb()(
            notification_channels=some, next_page_token=token, total_size=len(kept)
        )

    def get(self, request: Any, _: Any) -> Any:
        return channels.shown(found(self._configuration.channels, request.name))

    def create(self, request: Any, _: Any) -> Any:
        project = project_of(request.name)
        return self._configuration.create_channel(project, request.notification_channel)

    def update(self, request: Any, _: Any) -> Any:
        channel = request.notification_channel
        return self._configuration.update_channel(channel, request.update_mask)

    def delete(self, request: Any, _: Any) -> Any:
        self._configuration.delete_channel(request.name, force=request.force)
        return empty_pb2.Empty()


def _in(one: Any, place: str) -> bool:
    return bool(one.name.startswith(place))
