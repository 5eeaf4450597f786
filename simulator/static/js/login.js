// One click on a demo account fills in the login form.
for (const button of document.querySelectorAll('[data-fill]')) {
  button.hidden = false;
  button.addEventListener('click', () => {
    document.getElementById('username').value = button.dataset.username;
    document.getElementById('password').value = button.dataset.password;
    document.getElementById('login-button').focus();
  });
}
