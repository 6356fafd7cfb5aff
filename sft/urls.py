from django.urls import path

from sft.views import administration, archives, editor, home, inbox, packages

app_name = "sft"

urlpatterns = [
    path("home/", home.home, name="home"),
    path("applications/<slug:code>/open/", home.open_application, name="open-application"),
    path("applications/<slug:code>/request-access/", home.request_access, name="request-access"),
    path("applications/<slug:code>/request-subscription/", home.request_subscription, name="request-subscription"),
    path("administration/requests/", administration.access_requests, name="access-requests"),
    path("administration/applications/", administration.subscriptions, name="subscriptions"),
    path("administration/applications/<slug:code>/", administration.application_people, name="application-people"),
    path("administration/access/<uuid:pk>/", administration.access_grant, name="access-grant"),
    path("sft/", inbox.received, name="received"),
    path("sft/sent/", inbox.sent, name="sent"),
    path("sft/drafts/", inbox.drafts, name="drafts"),
    path("sft/contacts/", editor.contacts, name="contacts"),
    path("sft/packages/new/", editor.package_new, name="package-new"),
    path("sft/packages/<uuid:pk>/", packages.package, name="package"),
    path("sft/packages/<uuid:pk>/draft/", editor.package_draft, name="package-draft"),
    path("sft/packages/<uuid:pk>/files/", editor.package_files, name="package-files"),
    path("sft/packages/<uuid:pk>/status/", packages.package_status, name="package-status"),
    path("sft/packages/<uuid:pk>/zip/", archives.package_zip, name="package-zip"),
    path("sft/packages/<uuid:pk>/discard/", editor.package_discard, name="package-discard"),
    path("sft/packages/<uuid:package_id>/files/<uuid:pk>/download/", packages.file_download, name="file-download"),
]
