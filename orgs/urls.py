from django.urls import path

from orgs.views import countries, invitations, landing, organization, status, users
from orgs.views.wizard import administrators, application_administrators, passwords, profile, review, start

app_name = "orgs"
urlpatterns = [
    path("invitation/<str:token>/", landing.invitation, name="invitation"),
    path("invitation/<str:token>/ask/", landing.ask_for_another, name="invitation-ask"),
    path("registration/<str:token>/", status.registration_status, name="registration-status"),
    # The wizard
    path("register/", start.register, name="register"),
    path("register/resume/", start.resume, name="register-resume"),
    path("register/address-rules/", countries.rules, name="address-rules"),
    path("register/<uuid:pk>/welcome/", profile.welcome, name="wizard-welcome"),
    path("register/<uuid:pk>/profile/", profile.profile, name="wizard-profile"),
    path("register/<uuid:pk>/administrator/", administrators.organization_administrator, name="wizard-administrator"),
    path("register/<uuid:pk>/people/<uuid:person>/", administrators.person, name="wizard-person"),
    path("register/<uuid:pk>/one-time-password/", passwords.one_time_password, name="wizard-one-time-password"),
    path(
        "register/<uuid:pk>/one-time-password/<uuid:person>/",
        passwords.one_time_password,
        name="wizard-one-time-password",
    ),
    path(
        "register/<uuid:pk>/application-administrators/",
        application_administrators.application_administrators,
        name="wizard-application-administrators",
    ),
    path("register/<uuid:pk>/review/", review.review, name="wizard-review"),
    path("register/<uuid:pk>/submitted/", review.submitted, name="wizard-submitted"),
    path("register/<uuid:pk>/later/", start.save_for_later, name="wizard-later"),
    path("register/<uuid:pk>/ask/", start.ask_for_another, name="wizard-ask"),
    # Administration
    path("administration/", organization.administration, name="administration"),
    path("administration/organization/", organization.organization, name="organization"),
    path("administration/users/", users.user_list, name="users"),
    path("administration/users/add/", users.add_user, name="add-user"),
    path("administration/users/<uuid:pk>/", users.user_page, name="user"),
    path("administration/users/<uuid:pk>/appoint/", users.appoint, name="user-appoint"),
    path("administration/users/<uuid:pk>/dismiss/", users.dismiss, name="user-dismiss"),
    path("administration/users/<uuid:pk>/suspend/", users.suspend, name="user-suspend"),
    path("administration/users/<uuid:pk>/unsuspend/", users.unsuspend, name="user-unsuspend"),
    path("administration/users/<uuid:pk>/one-time-password/", users.reissue, name="user-reissue"),
    path("administration/users/<uuid:pk>/hand-over/", users.hand_over, name="hand-over"),
    path("administration/invitations/", invitations.invitation_list, name="invitations"),
    path("administration/invitations/new/", invitations.invite, name="invite"),
    path("administration/invitations/<uuid:pk>/resend/", invitations.resend, name="invitation-resend"),
    path("administration/invitations/<uuid:pk>/revoke/", invitations.revoke, name="invitation-revoke"),
]
