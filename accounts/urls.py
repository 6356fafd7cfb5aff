from django.urls import path

from accounts.views import (
    account,
    assistance,
    confirm,
    first_login,
    lost_factor,
    passwords,
    second_factor,
    set_up_factor,
    sign_in,
    terms,
)

app_name = "accounts"
urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/password/", sign_in.password, name="sign-in-password"),
    path("sign-in/second-factor/", second_factor.second_factor, name="second-factor"),
    path("sign-in/second-factor/recovery-code/", second_factor.recovery_code, name="second-factor-recovery-code"),
    path("sign-in/second-factor/lost/", lost_factor.lost_factor, name="lost-factor"),
    path("sign-in/set-up/", set_up_factor.choose, name="set-up-factor"),
    path("sign-in/set-up/authenticator-app/", set_up_factor.app, name="set-up-app"),
    path("sign-in/recovery-codes/", set_up_factor.recovery_codes, name="recovery-codes"),
    path("sign-in/password-too/", sign_in.password_too, name="password-too"),
    path("sign-in/terms/", terms.accept, name="terms"),
    path("sign-in/continue/", sign_in.come_in, name="come-in"),
    path("terms/", terms.in_force, name="terms-in-force"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("first-time-login/", first_login.begin, name="first-time-login"),
    path("first-time-login/password/", first_login.choose_password, name="choose-password"),
    path("forgot-password/", passwords.forgot_password, name="forgot-password"),
    path("forgot-password/<str:token>/", passwords.reset_password, name="reset-password"),
    path("forgot-user-id/", passwords.forgot_user_id, name="forgot-user-id"),
    path("account/", account.my_account, name="my-account"),
    path("account/password/", account.change_password, name="change-password"),
    path("account/confirm/", confirm.confirm, name="confirm"),
    path("help/registration/", assistance.registration, name="help-registration"),
    path("help/login/", assistance.login, name="help-login"),
]
